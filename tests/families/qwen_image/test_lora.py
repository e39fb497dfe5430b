"""LoRAs of Qwen-Image in every form: weights are those of diffusers."""

import pytest
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)

from medialab.families.qwen_image.lora import LORAS
from tests.lora.layers import written as write
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    PEFT_DEFAULT,
    linears,
    report_if_as_diffusers,
    stand_in,
    written,
)


def make_pipeline():
    torch.manual_seed(0)
    transformer = QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=(8, 4, 4),
    )
    return QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=None,
        text_encoder=None,
        tokenizer=None,
        transformer=transformer.eval(),
    )


def blocks(sides):
    return {name: side for name, side in sides.items() if name.startswith("transformer_blocks.")}


FORMS = {
    "diffusers": lambda sides: written(sides, "transformer.", PEFT),
    "PEFT": lambda sides: written(blocks(sides), "", PEFT_DEFAULT),
    "ai-toolkit": lambda sides: written(blocks(sides), "diffusion_model.", PEFT, alpha=8),
    "DiffSynth": lambda sides: written(blocks(sides), "", PEFT, alpha=4),
    "lightx2v": lambda sides: written(blocks(sides), "", KOHYA, alpha=2),
    "musubi-tuner": lambda sides: written(sides, "lora_unet_", KOHYA, flat=True, alpha=2),
}


@pytest.fixture(scope="module")
def model():
    return stand_in("qwen-image", LORAS, make_pipeline().components)


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    path = write(tmp_path, FORMS[form](linears(model.components["transformer"])))
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert report.unmatched == ()
