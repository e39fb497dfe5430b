"""Scales beside weights: which belong to which, and what is wrong with them, from headers alone."""

import json

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.headers import Header
from medialab.files.scaled_weights import (
    METADATA,
    check_mark,
    fault_of_scales,
    is_beside,
    precision_of_scaled,
    scales_in,
)

LAYERS = ("blocks.0.a", "blocks.1.a")
FORMAT = {"format": "float8_e4m3fn"}


def header(*, scale="F32", of=(), weight="F8_E4M3", own=".scale_weight", metadata=None, **changed):
    """Of two blocks with one scaled layer each; `changed` are shapes by name, None to remove."""
    shapes = {f"{layer}.weight": (4, 8) for layer in LAYERS}
    shapes |= {f"{layer}{own}": of for layer in LAYERS}
    shapes |= {name.replace("__", "."): one for name, one in changed.items()}
    shapes = {name: one for name, one in shapes.items() if one is not None}
    dtypes = {name: weight if name.endswith(".weight") else scale for name in shapes}
    return Header(shapes, metadata or {}, dtypes)


def told(layers):
    return {METADATA: json.dumps({"layers": layers})}


@pytest.mark.parametrize("own", [".scale_weight", ".weight_scale"])
@pytest.mark.parametrize("of", [(), (1,), (4,), (4, 1), (1, 1)])
@pytest.mark.parametrize("scale", ["F32", "BF16", "F16"])
def test_one_scale_or_one_for_each_row_is_read_in_either_name(own, of, scale):
    found = header(own=own, of=of, scale=scale)
    assert fault_of_scales(found) is None
    assert scales_in(found) == {f"{layer}.weight": f"{layer}{own}" for layer in LAYERS}
    assert precision_of_scaled(found, scales_in(found)) == "fp8 e4m3 with scales"


def test_what_tells_of_scales_is_no_weight_itself():
    besides = ("scaled_fp8", "a.scaled_fp8", "a.scale_input", "a.input_scale", "a.comfy_quant")
    assert all(map(is_beside, (*besides, "a.scale_weight", "a.weight_scale")))
    assert not any(map(is_beside, ("a.weight", "a.norm.scale", "logit_scale", "a.bias")))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (header(of=(2, 2)), r"a scale of F32 \[2, 2\] .* for a weight of \[4, 8\]"),
        (header(of=(1, 8)), r"a scale of F32 \[1, 8\]"),
        (header(of=(4, 1), scale="F8_E8M0"), "a scale of F8_E8M0"),
        (header(weight="I8"), "is quantised as I8, with scales"),
        (header(blocks__1__a__scale_weight=None), r"lacks the scale of blocks.1.a.weight"),
        (header(blocks__1__a__weight=None), r"has a scale \(blocks.1.a.scale_weight\) and no weig"),
        (header(blocks__0__a__weight_scale_2=()), r"not supported \(blocks.0.a.weight_scale_2\)"),
        (header(metadata=told({"a": {"format": "mxfp8"}})), "a is quantised as 'mxfp8'"),
        (header(metadata=told({"a": FORMAT | {"convrot": True}})), "convrot = True"),
        (header(metadata={METADATA: "no JSON"}), "in its metadata"),
        (header(metadata={METADATA: "[]"}), "in its metadata"),
    ],
)
def test_what_is_damaged_or_of_another_kind_is_named(found, words):
    fault = fault_of_scales(found)
    assert fault is not None
    import re

    assert re.search(words, fault), fault


def test_a_mark_without_any_scale_is_named():
    found = Header({"a.weight": (4, 8), "scaled_fp8": (2,)}, {}, {"a.weight": "F8_E4M3"})
    assert "says that it has scales (scaled_fp8) and has none" in fault_of_scales(found)
    marked = Header({"a.weight": (4, 8), "a.comfy_quant": (20,)}, {}, {"a.weight": "F8_E4M3"})
    assert "lacks the scale of a.weight" in fault_of_scales(marked)


def test_weights_of_eight_bits_without_scales_are_read_beside_others_of_another_kind():
    found = header(weight="F8_E4M3", embedder__weight=(2, 2))
    assert fault_of_scales(found) is None


@pytest.mark.parametrize("said", [None, [], "float8_e4m3fn", {}, {"format": "int8_tensorwise"}])
def test_a_mark_that_is_not_understood_is_refused(said):
    with pytest.raises(ModelRefusedError, match="layer is quantised as"):
        check_mark("layer", said)


def test_what_changes_no_number_may_be_in_a_mark():
    check_mark("layer", FORMAT | {"full_precision_matrix_mult": True, "convrot": False})
