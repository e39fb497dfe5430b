"""Precision, rank and words of training are read from a header; what it does not say is empty."""

import json

import pytest

from medialab.files.headers import Header
from medialab.listing.facts import MOST_WORDS, precision_of, ranks_of, trained_words_of


def header(*tensors, **metadata):
    """A header of tensors (format, shape)."""
    names = {f"t{n}.weight": one for n, one in enumerate(tensors)}
    told = {name.replace("__", "."): value for name, value in metadata.items()}
    return Header(
        {name: shape for name, (_, shape) in names.items()},
        told,
        {name: kind for name, (kind, _) in names.items()},
    )


BIG, SMALL = (100, 100), (10, 10)


@pytest.mark.parametrize(
    ("tensors", "precision"),
    [
        ([("F16", BIG)], "fp16"),
        ([("BF16", BIG), ("F32", SMALL), ("I64", (77,))], "bf16"),
        ([("F8_E4M3", BIG), ("F32", SMALL)], "fp8 e4m3"),
        ([("F8_E5M2", BIG)], "fp8 e5m2"),
        ([("F32", BIG)], "fp32"),
        ([("F16", BIG), ("F32", BIG)], "mixed"),
        ([("F8_E4M3", BIG), ("BF16", BIG)], "mixed"),
        ([("I8", BIG)], "int8"),
        ([], ""),
        ([("F16", (0,))], ""),
    ],
)
def test_the_precision_is_that_of_nearly_all_weights(tensors, precision):
    assert precision_of([header(*tensors)]) == precision


def test_the_precision_of_several_files_counts_them_together():
    assert precision_of([header(("F16", BIG)), header(("F16", SMALL))]) == "fp16"
    assert precision_of([header(("F16", BIG)), header(("F32", BIG))]) == "mixed"
    assert precision_of([]) == ""


@pytest.mark.parametrize(
    ("mark", "precision"),
    [("x.weight.quant_state.bitsandbytes__nf4", "nf4"), ("x.qweight", "int4")],
)
def test_packed_weights_are_called_by_their_format(mark, precision):
    assert precision_of([Header({mark: BIG}, {}, {mark: "U8"})]) == precision


@pytest.mark.parametrize(
    ("shapes", "ranks"),
    [
        ({"a.lora_down.weight": (16, 320), "a.lora_up.weight": (320, 16), "a.alpha": ()}, (16,)),
        ({"a.lora_A.weight": (8, 64), "b.lora_A.default.weight": (4, 64)}, (4, 8)),
        ({"a.lora_down.weight": (32, 320, 3, 3)}, (32,)),
        ({"a.hada_w1_a": (320, 8), "a.hada_w1_b": (8, 320)}, (8,)),
        ({"a.lokr_w1": (4, 4), "a.lokr_w2_a": (80, 16), "a.lokr_w2_b": (16, 80)}, (16,)),
        ({"a.lokr_w1": (4, 4), "a.lokr_w2": (80, 80)}, ()),
        ({"a.diff": (320, 320)}, ()),
        ({"a.lora_down.weight": ()}, ()),
    ],
)
def test_every_rank_is_told_once(shapes, ranks):
    assert ranks_of(Header(shapes, {})) == ranks


def test_the_words_are_those_of_the_standard_else_the_most_frequent_tags():
    tags = {"10_ada": {"1girl": 20, " ada ": 30, "hat": 2}, "2_b": {"hat": 25, "": 99}}
    told = header(ss_tag_frequency=json.dumps(tags))
    assert trained_words_of(told) == ("ada", "hat", "1girl")
    both = {"ss_tag_frequency": json.dumps(tags), "modelspec__trigger_phrase": "ohwx woman, x "}
    assert trained_words_of(header(**both)) == ("ohwx woman", "x")
    assert trained_words_of(
        header(modelspec__trigger_phrase="\0, \u202eink\x1b[2J, 👩\u200d🎨")
    ) == (
        "ink[2J",
        "👩\u200d🎨",
    )
    many = {"a": {f"w{n}": n for n in range(99)}}
    assert len(trained_words_of(header(ss_tag_frequency=json.dumps(many)))) == MOST_WORDS


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", '{"a": 3}', '{"a": {"b": "c"}}', "[" * 9999, '{"a": {"b": NaN}}']
)
def test_counts_that_cannot_be_read_tell_nothing_and_harm_nothing(text):
    assert trained_words_of(header(ss_tag_frequency=text)) in {(), ("b",)}
