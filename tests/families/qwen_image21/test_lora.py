"""LoRAs of Qwen-Image 2.1 in every form: weights are those of diffusers."""

import pytest
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    QwenImage21Transformer2DModel,
    QwenImagePipeline,
)

from medialab.families.qwen_image21.lora import LORAS
from tests.lora.layers import written as write
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    linears,
    pairs,
    report_if_as_diffusers,
    stand_in,
    written,
)


def make_pipeline():
    torch.manual_seed(0)
    transformer = QwenImage21Transformer2DModel(
        num_layers=2,
        attention_head_dim=32,
        num_attention_heads=2,
        context_in_dim=32,
        axes_dims_rope=(8, 12, 12),
    )
    # Its own pipeline loads LoRAs by the same code, and is not made without a processor.
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
    "ai-toolkit": lambda sides: written(blocks(sides), "diffusion_model.", PEFT, alpha=8),
    "ComfyUI": lambda sides: written(blocks(sides), "diffusion_model.", KOHYA, alpha=2),
}


def gate_up(sides):
    """The layer that ComfyUI joins, gate first."""
    return {
        f"transformer_blocks.{n}.img_mlp.gate_up": (2 * out, into)
        for n in range(2)
        for out, into in [sides[f"transformer_blocks.{n}.img_mlp.proj"]]
    }


@pytest.fixture(scope="module")
def model():
    return stand_in("qwen-image-2.1", LORAS, make_pipeline().components)


@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    path = write(tmp_path, FORMS[form](linears(model.components["transformer"])))
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert (report.family, report.unmatched) == ("qwen-image-2.1", ())


def test_comfyuis_joined_layer_is_the_gate_and_then_the_projection(model, tmp_path):
    sides = gate_up(linears(model.components["transformer"]))
    path = write(tmp_path, written(sides, "diffusion_model.", PEFT))
    parts = {}
    for name, (down, up) in pairs(sides).items():
        for part, rows in zip(("gate_layer", "proj"), up.chunk(2), strict=True):
            layer = f"transformer.{name.replace('gate_up', part)}"
            parts |= {f"{layer}.lora_A.weight": down.clone(), f"{layer}.lora_B.weight": rows}
    told = write(tmp_path, parts, "told")
    assert report_if_as_diffusers(model, make_pipeline, path, 1.0, told).matched == 2
