"""LoRAs of Flux.1 in every form: weights and factors are those of diffusers."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from transformers import CLIPTextConfig, CLIPTextModel

from medialab.errors import ModelRefusedError
from medialab.families.flux.lora import LORAS
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.flux_layers import PUBLISHED, TINY, WIDTH, original, xlabs
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

TEXTS = ("text_encoder", "text_encoder_2")


def make_transformer(double=2, single=2, heads=2, head=16):
    torch.manual_seed(0)
    return FluxTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=double,
        num_single_layers=single,
        attention_head_dim=head,
        num_attention_heads=heads,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=True,
        axes_dims_rope=(head // 4, head // 4, head // 2),
    ).eval()


def make_pipeline():
    transformer = make_transformer()
    clip = CLIPTextConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        vocab_size=64,
        projection_dim=32,
    )
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=None,
        text_encoder=CLIPTextModel(clip).eval(),
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        transformer=transformer,
    )


def sparse(sides):
    """kohya's with `split_qkv`: a joined layer whose parts share no rank."""
    tensors = kohya(sides)
    for name, up in tensors.items():
        if name.endswith("qkv.lora_up.weight"):
            rows = len(up) // 3
            down = torch.randn(6, WIDTH, generator=torch.Generator().manual_seed(len(name)))
            values = torch.randn(len(up), 2, generator=torch.Generator().manual_seed(1))
            tensors[name] = torch.block_diag(*values.split(rows))
            tensors[name.replace("lora_up", "lora_down")] = down
            tensors[name.replace("lora_up.weight", "alpha")] = torch.tensor(6.0)
    return tensors


def kohya(sides, prefix="lora_unet_"):
    sides = original(sides, TINY, linear1=False)
    return written(sides, prefix, KOHYA, flat=prefix.endswith("_"), alpha=2)


def texts():
    names = [
        f"text_model.encoder.layers.{n}.{one}"
        for n in range(2)
        for one in (
            *(f"self_attn.{end}_proj" for end in ("q", "k", "v", "out")),
            "mlp.fc1",
            "mlp.fc2",
        )
    ]
    return {
        name: (64, 32) if "fc1" in name else (32, 64) if "fc2" in name else (32, 32)
        for name in names
    }


def outside(sides):
    """Layers outside the blocks, which kohya's `train_block_indices` leaves alone."""
    names = {"lora_unet_img_in": "x_embedder", "lora_unet_txt_in": "context_embedder"}
    time = {"time": "timestep", "vector": "text", "guidance": "guidance"}
    for theirs, ours in time.items():
        for n, end in enumerate(("in", "out"), 1):
            path = f"time_text_embed.{ours}_embedder.linear_{n}"
            names[f"lora_unet_{theirs}_in_{end}_layer"] = path
    return written({theirs: sides[ours] for theirs, ours in names.items()}, "", KOHYA)


FORMS = {
    "diffusers": lambda sides: written(sides, "transformer.", PEFT),
    "diffusers, with alphas": lambda sides: written(
        {name: side for name, side in sides.items() if "blocks" in name},
        "transformer.",
        PEFT,
        alpha=2,
    ),
    "diffusers, with CLIP": lambda sides: (
        written(sides, "transformer.", PEFT) | written(texts(), "text_encoder.", PEFT)
    ),
    "kohya": kohya,
    "kohya, split": sparse,
    "kohya, with CLIP": lambda sides: (
        kohya(sides) | written(texts(), "lora_te1_", KOHYA, flat=True, alpha=2)
    ),
    "ComfyUI": lambda sides: kohya(sides, "diffusion_model."),
    "OneTrainer": lambda sides: written(
        {name: side for name, side in sides.items() if ".attn." in name},
        "lora_transformer_",
        KOHYA,
        flat=True,
        alpha=2,
    ),
    "XLabs": xlabs,
}


@pytest.fixture(scope="module")
def model():
    return stand_in("flux", LORAS, make_pipeline().components, TEXTS)


@pytest.mark.thorough
@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
@pytest.mark.parametrize("form", FORMS)
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(
    model, form, weight, tmp_path
):
    path = write(tmp_path, FORMS[form](linears(model.components["transformer"])))
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert (report.family, report.unmatched) == ("flux", ())


@torch.inference_mode()
def test_the_prompt_is_read_as_with_diffusers(model, tmp_path):
    path = write(tmp_path, written(texts(), "text_encoder.", PEFT))
    words = torch.tensor([[1, 5, 9, 63]])
    before = model.components["text_encoder"](words)[0]
    with LoRAManager().apply_loras(model, [LoRAUse(path, 0.5)], calls=20) as applied:
        ours = model.components["text_encoder"](words)[0]
    assert applied.mode == "attached"
    assert torch.equal(model.components["text_encoder"](words)[0], before)
    pipeline = make_pipeline()
    pipeline.load_lora_weights(str(path), adapter_name="style")
    pipeline.set_adapters(["style"], [0.5])
    assert torch.equal(pipeline.text_encoder(words)[0], ours)
    assert not torch.equal(ours, before)


@pytest.fixture(scope="module")
def published():
    """Flux.1 at its published size, without weights."""
    with torch.device("meta"):
        return stand_in(
            "flux", LORAS, {"transformer": FluxTransformer2DModel(guidance_embeds=True)}
        )


@pytest.mark.parametrize("form", ["kohya", "with its last layers", "fal's Kontext"])
def test_at_the_published_size_each_module_gets_what_diffusers_gives_it(published, form, tmp_path):
    sides = original(linears(published.components["transformer"]), PUBLISHED)
    if form == "fal's Kontext":
        sides["final_layer.linear"] = (64, 3072)
        tensors = written(sides, "base_model.model.", PEFT, rank=1)
    elif form == "kohya":
        tensors = written(sides, "lora_unet_", KOHYA, flat=True, alpha=2, rank=1)
    else:
        sides = {"final_layer.linear": (64, 3072), "final_layer.adaLN_modulation.1": (6144, 3072)}
        tensors = written(sides, "lora_unet_", KOHYA, flat=True)
    path = write(tmp_path, tensors)
    theirs = {
        name if name.startswith("transformer.") else f"transformer.{name}": pair
        for name, pair in factors_by_diffusers(FluxPipeline, path).items()
    }
    assert same(factors_of(published, path), theirs)


def test_a_control_lora_of_black_forest_labs_is_refused_by_name(model, tmp_path):
    tensors = written({"double_blocks.0.img_attn.qkv": (96, 32)}, "", PEFT)
    tensors["double_blocks.0.img_attn.norm.query_norm.scale"] = torch.ones(16)
    path = write(tmp_path, tensors, "canny")
    with pytest.raises(ModelRefusedError, match="'canny' is a control LoRA of Black Forest Labs"):
        LoRAManager().report(model, path)
