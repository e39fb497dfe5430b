"""A file's layers find their places in a checkpoint, or are reported."""

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.families.unet_clip.lora_names import original_name
from medialab.lora import LoRAUse
from tests.lora.layers import LINEAR, checksum, module, written
from tests.tiny.loras import (
    drawn,
    kohya,
    linear_case,
)


@pytest.mark.parametrize(
    ("down", "up", "prefix"),
    [
        ("lora_A.weight", "lora_B.weight", "unet."),
        ("lora_A.default.weight", "lora_B.default.weight", "base_model.model."),
        ("lora.down.weight", "lora.up.weight", "unet."),
    ],
)
def test_peft_and_diffusers_names(model, manager, tmp_path, down, up, prefix):
    original = module(model, LINEAR).weight.detach().clone()
    first, second = drawn(4, original.shape[1], seed=1), drawn(original.shape[0], 4, seed=2)
    path = written(tmp_path, {f"{prefix}{LINEAR}.{down}": first, f"{prefix}{LINEAR}.{up}": second})
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        assert torch.allclose(module(model, LINEAR).weight - original, second @ first, atol=1e-5)


def test_a_file_in_original_names_finds_its_layers(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    leaves, expected = linear_case(*weight.shape)
    layers = model.components["unet"].config.layers_per_block
    path = written(tmp_path, kohya(original_name(LINEAR, layers), leaves))
    before = weight.detach().clone()
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        assert torch.allclose(module(model, LINEAR).weight - before, expected, atol=1e-5)


def test_nothing_matched_or_a_wrong_shape_is_an_error_before_anything_changes(
    model, manager, tmp_path
):
    weight = module(model, LINEAR).weight
    good = written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0]), "good")
    foreign = written(tmp_path, kohya("double_blocks.3.img_attn", linear_case(8, 8)[0]), "foreign")
    wide = written(tmp_path, kohya(LINEAR, linear_case(640, 640)[0]), "wide")
    for path in (foreign, wide):
        before = checksum(model)
        with (
            pytest.raises(ModelRefusedError, match=f"LoRA '{path.stem}'.*made for another model"),
            manager.apply_loras(model, [LoRAUse(good), LoRAUse(path)], calls=20),
        ):
            pytest.fail("it was applied")
        assert checksum(model) == before


def test_half_a_match_is_reported(model, manager, tmp_path):
    leaves = linear_case(*module(model, LINEAR).weight.shape)[0]
    others = {name: value.clone() for name, value in leaves.items()}
    tensors = kohya(LINEAR, leaves) | kohya("somewhere.else", others)
    path = written(tmp_path, tensors | {"bundle_emb.word": drawn(2, 8)})
    report = manager.report(model, path)
    assert report.matched == 1
    assert report.unmatched == ("bundle_emb.word", "unet: somewhere_else")
    assert report.as_record["unmatched"] == 2
    assert (report.kinds, report.rank) == (("lora",), 4)
