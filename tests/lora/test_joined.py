"""LoRAs of every kind for a layer that files have joined: each module gets its own rows."""

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.families.z_image.lora import LORAS
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.loras import CASES, kohya
from tests.tiny.transformer_loras import changed, stand_in, weights
from tests.tiny.z_image import make_pipeline

JOINED = "layers.0.attention.qkv"
PARTS = [f"layers.0.attention.to_{one}" for one in "qkv"]
WHOLE_ONLY = {
    "dora by input": "a DoRA by inputs has one magnitude for all of them",
    "oft": "an OFT turns the outputs of all of them",
    "oft, bounded": "an OFT turns the outputs of all of them",
    "oft, rescaled": "an OFT turns the outputs of all of them",
}


@pytest.fixture(scope="module")
def model():
    return stand_in("z-image", LORAS, {"transformer": make_pipeline().transformer})


@pytest.fixture
def whole(model):
    return torch.cat([model.denoiser.get_submodule(one).weight.detach() for one in PARTS])


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind not in WHOLE_ONLY])
def test_the_modules_change_by_the_joined_layers_rows(model, whole, kind, tmp_path):
    leaves, expected = CASES[kind](whole)
    path = write(tmp_path, kohya(JOINED, leaves))
    before = weights(model.components)
    with LoRAManager().apply_loras(model, [LoRAUse(path, 0.5)], calls=20) as applied:
        found = torch.cat([model.denoiser.get_submodule(one).weight.detach() for one in PARTS])
    torch.testing.assert_close(found, whole + 0.5 * expected, rtol=1e-4, atol=1e-5)
    assert not changed(before, weights(model.components))
    (report,) = applied.reports
    assert (report.matched, report.unmatched) == (1, ())


@pytest.mark.parametrize("kind", WHOLE_ONLY)
def test_a_kind_whose_rows_depend_on_one_another_is_refused_with_the_reason(
    model, whole, kind, tmp_path
):
    path = write(tmp_path, kohya(JOINED, CASES[kind](whole)[0]), "one")
    before = weights(model.components)
    says = (
        f"LoRA 'one' cannot be used with a z-image .* several layers here, and {WHOLE_ONLY[kind]}"
    )
    with (
        pytest.raises(ModelRefusedError, match=says),
        LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20),
    ):
        pytest.fail("it was applied")
    assert not changed(before, weights(model.components))


def test_a_joined_layer_of_another_width_is_made_for_another_model(model, whole, tmp_path):
    wide = torch.zeros(3 * 128, whole.shape[1])
    path = write(tmp_path, kohya(JOINED, CASES["kohya"](wide)[0]), "wide")
    with (
        pytest.raises(ModelRefusedError, match="LoRA 'wide' is made for another model"),
        LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20),
    ):
        pytest.fail("it was applied")


def test_a_layer_that_is_given_twice_counts_once_and_that_is_told(model, whole, tmp_path):
    """A file that has query alone and joined with its neighbours means one change."""
    rows = len(whole) // 3
    alone, expected = CASES["kohya"](whole[:rows])
    joined, others = CASES["kohya"](whole)
    tensors = kohya(JOINED, joined) | kohya(PARTS[0], {k: v.clone() for k, v in alone.items()})
    path = write(tmp_path, tensors)
    with LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20) as applied:
        found = torch.cat([model.denoiser.get_submodule(one).weight.detach() for one in PARTS])
    torch.testing.assert_close(found[:rows], whole[:rows] + expected)
    torch.testing.assert_close(found[rows:], (whole + others)[rows:])
    assert applied.reports[0].matched == 2
    every = {one: CASES["kohya"](whole[:rows])[0] for one in PARTS}
    tensors = kohya(JOINED, joined)
    for one, leaves in every.items():
        tensors |= kohya(one, {k: v.clone() for k, v in leaves.items()})
    report = LoRAManager().report(model, write(tmp_path, tensors, "again"))
    assert report.matched == 3
    assert report.unmatched == (
        "transformer: layers_0_attention_qkv (given a second time by another name)",
    )
