"""LoRAs of Chroma in every form: weights and factors are those of diffusers."""

import pytest
import torch
from diffusers import ChromaPipeline, ChromaTransformer2DModel, FlowMatchEulerDiscreteScheduler

from medialab.families.chroma.lora import LORAS
from tests.lora.layers import written as write
from tests.tiny.flux_layers import PUBLISHED, TINY, original, xlabs
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    factors_by_diffusers,
    factors_of,
    linears,
    report_if_as_diffusers,
    same,
    stand_in,
    written,
)

CHROMA = {
    "ss_base_model_version": "chroma"
}  # a trainer's word: without it, they look like Flux.1's
GUIDANCE = "distilled_guidance_layer"

pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated")


def make_pipeline():
    torch.manual_seed(0)
    transformer = ChromaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(4, 4, 8),
        approximator_num_channels=64,
        approximator_hidden_dim=32,
        approximator_layers=2,
    )
    return ChromaPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=None,
        text_encoder=None,
        tokenizer=None,
        transformer=transformer.eval(),
    )


def kohya(sides, prefix="lora_unet_"):
    sides = original(sides, TINY, linear1=False)
    return written(sides, prefix, KOHYA, flat=prefix.endswith("_"), alpha=2)


FORMS = {
    "diffusers": lambda sides: written(sides, "transformer.", PEFT),
    "kohya": kohya,
    "ComfyUI": lambda sides: kohya(sides, "diffusion_model."),
    "XLabs": xlabs,
}


@pytest.fixture(scope="module")
def model():
    return stand_in("chroma", LORAS, make_pipeline().components)


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    tensors = FORMS[form](linears(model.components["transformer"]))
    path = write(tmp_path, tensors, metadata=CHROMA)
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert (report.family, report.unmatched) == ("chroma", ())


def test_original_names_of_its_modulation_are_diffusers_own_with_other_ends(model, tmp_path):
    sides = {
        name: side
        for name, side in linears(model.components["transformer"]).items()
        if GUIDANCE in name
    }
    renamed = {
        name.replace("linear_1", "in_layer").replace("linear_2", "out_layer"): side
        for name, side in sides.items()
    }
    path = write(tmp_path, written(renamed, "diffusion_model.", KOHYA))
    told = write(tmp_path, written(sides, "transformer.", PEFT), "told")
    report = report_if_as_diffusers(model, make_pipeline, path, 1.0, told)
    assert (report.family, report.matched) == ("chroma", len(sides))


def test_at_the_published_size_each_module_gets_what_diffusers_gives_it(tmp_path):
    with torch.device("meta"):
        published = stand_in("chroma", LORAS, {"transformer": ChromaTransformer2DModel()})
    sides = original(linears(published.components["transformer"]), PUBLISHED)
    tensors = written(sides, "lora_unet_", KOHYA, flat=True, alpha=2, rank=1)
    path = write(tmp_path, tensors, metadata=CHROMA)
    assert same(factors_of(published, path), factors_by_diffusers(ChromaPipeline, path))
