"""LoRAs of Flux.2 Klein in every form: weights are those of diffusers."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel

from medialab.families.flux2_klein.lora import LORAS
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.loras import drawn
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    linears,
    lokr,
    report_if_as_diffusers,
    stand_in,
    weights,
    written,
)

DOUBLE, SINGLE = 5, 20  # of the 4B
WHOLE = {
    **{
        f"double_blocks.N.{side}_attn.proj": f"transformer_blocks.N.attn.{out}"
        for side, out in (("img", "to_out.0"), ("txt", "to_add_out"))
    },
    **{
        f"double_blocks.N.{side}_mlp.{n}": f"transformer_blocks.N.{ff}.linear_{end}"
        for side, ff in (("img", "ff"), ("txt", "ff_context"))
        for n, end in ((0, "in"), (2, "out"))
    },
    "single_blocks.N.linear1": "single_transformer_blocks.N.attn.to_qkv_mlp_proj",
    "single_blocks.N.linear2": "single_transformer_blocks.N.attn.to_out",
}
JOINED = {
    "double_blocks.N.img_attn.qkv": [f"transformer_blocks.N.attn.to_{one}" for one in "qkv"],
    "double_blocks.N.txt_attn.qkv": [f"transformer_blocks.N.attn.add_{one}_proj" for one in "qkv"],
}
OUTSIDE = {
    "img_in": "x_embedder",
    "txt_in": "context_embedder",
    "time_in.in_layer": "time_guidance_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_guidance_embed.timestep_embedder.linear_2",
    "final_layer.linear": "proj_out",
}
MODULATIONS = {
    f"{one}.lin": f"{one}.linear"
    for one in (
        "single_stream_modulation",
        "double_stream_modulation_img",
        "double_stream_modulation_txt",
    )
}


def make_pipeline():
    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=8,
        num_layers=DOUBLE,
        num_single_layers=SINGLE,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=None,
        text_encoder=None,
        tokenizer=None,
        transformer=transformer.eval(),
    )


def original(sides, *, outside=False, modulations=False):
    """The sides of the original code's layers."""
    found = {}
    for theirs, ours in (WHOLE | JOINED).items():
        for n in range(DOUBLE if theirs.startswith("double") else SINGLE):
            many = [ours] if isinstance(ours, str) else ours
            every = [sides[one.replace("N", str(n), 1)] for one in many]
            found[theirs.replace("N", str(n), 1)] = (sum(one[0] for one in every), every[0][1])
    more = {**(OUTSIDE if outside else {}), **(MODULATIONS if modulations else {})}
    return found | {theirs: sides[ours] for theirs, ours in more.items()}


def blocks(sides):
    return {name: side for name, side in sides.items() if "blocks" in name}


FORMS = {
    "diffusers": lambda sides: written(sides, "transformer.", PEFT),
    "ai-toolkit": lambda sides: written(
        original(sides, outside=True, modulations=True), "diffusion_model.", PEFT
    ),
    "ai-toolkit, diffusers' names": lambda sides: written(blocks(sides), "diffusion_model.", PEFT),
    "PEFT": lambda sides: written(original(sides), "base_model.model.", PEFT),
    "kohya": lambda sides: written(
        original(sides, outside=True), "lora_unet_", KOHYA, flat=True, alpha=2
    ),
    "LoKr of ai-toolkit": lambda sides: lokr(original(sides), "diffusion_model."),
    "LoKr of low rank": lambda sides: lokr(original(sides), "diffusion_model.", alpha=4),
    "LyCORIS": lambda sides: lokr(blocks(sides), "lycoris_", flat=True, alpha=4),
    "SimpleTuner": lambda sides: lokr(blocks(sides), "", alpha=4),
}


@pytest.fixture(scope="module")
def model():
    return stand_in("flux2-klein-4b", LORAS["flux2-klein-4b"], make_pipeline().components)


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    path = write(tmp_path, FORMS[form](linears(model.components["transformer"])))
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert report.unmatched == ()


def test_names_that_begin_in_the_middle_are_those_of_blocks(model, tmp_path):
    sides = {
        name: side
        for name, side in linears(model.components["transformer"]).items()
        if name.startswith("transformer_blocks.")
    }
    tensors = written(sides, "diffusion_model.", PEFT)
    path = write(
        tmp_path, {name.replace("_model.tran", "_model."): one for name, one in tensors.items()}
    )
    assert report_if_as_diffusers(model, make_pipeline, path, 1.0).matched == len(sides)


def test_the_last_modulation_has_the_halves_changed_as_in_checkpoints(model, tmp_path):
    """diffusers 0.42 changes them in a checkpoint, and leaves those of a LoRA."""
    down, up = drawn(4, 32, seed=1), drawn(64, 4, seed=2)
    layer = "diffusion_model.final_layer.adaLN_modulation.1"
    path = write(tmp_path, {f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up})
    before = weights(model.components)["transformer.norm_out.linear.weight"]
    with LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20):
        after = weights(model.components)["transformer.norm_out.linear.weight"]
    assert torch.equal(after, before + torch.cat([up[32:], up[:32]]) @ down)
