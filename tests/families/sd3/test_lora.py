"""LoRAs of SD3.5: weights are those of diffusers, original names those of its converter."""

import pytest
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from medialab.families.sd3.lora import LORAS
from medialab.lora import LoRAManager, LoRAUse
from tests.lora.layers import written as write
from tests.tiny.transformer_loras import (
    KOHYA,
    PEFT,
    linears,
    pairs,
    report_if_as_diffusers,
    stand_in,
    weights,
    written,
)

BLOCKS = 3
WHOLE = {
    "x_block.adaLN_modulation.1": "norm1.linear",
    "x_block.attn.proj": "attn.to_out.0",
    "x_block.attn2.proj": "attn2.to_out.0",
    "x_block.mlp.fc1": "ff.net.0.proj",
    "x_block.mlp.fc2": "ff.net.2",
    "context_block.adaLN_modulation.1": "norm1_context.linear",
    "context_block.attn.proj": "attn.to_add_out",
    "context_block.mlp.fc1": "ff_context.net.0.proj",
    "context_block.mlp.fc2": "ff_context.net.2",
}
JOINED = {
    "x_block.attn.qkv": [f"attn.to_{one}" for one in "qkv"],
    "x_block.attn2.qkv": [f"attn2.to_{one}" for one in "qkv"],
    "context_block.attn.qkv": [f"attn.add_{one}_proj" for one in "qkv"],
}
OUTSIDE = {
    "context_embedder": "context_embedder",
    "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
    "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}


def make_clip():
    config = CLIPTextConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        vocab_size=64,
        projection_dim=32,
    )
    return CLIPTextModelWithProjection(config).eval()


def make_pipeline():
    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=1,
        in_channels=4,
        num_layers=BLOCKS,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=64,
        out_channels=4,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    return StableDiffusion3Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=None,
        text_encoder=make_clip(),
        tokenizer=None,
        text_encoder_2=make_clip(),
        tokenizer_2=None,
        text_encoder_3=None,
        tokenizer_3=None,
        transformer=transformer.eval(),
    )


def original(sides):
    """The sides of the original code's layers, and diffusers' layers in each."""
    table = dict(OUTSIDE)
    for n in range(BLOCKS):
        for theirs, ours in (WHOLE | JOINED).items():
            many = [
                f"transformer_blocks.{n}.{one}"
                for one in ([ours] if isinstance(ours, str) else ours)
            ]
            if many[0] in sides:
                table[f"joint_blocks.{n}.{theirs}"] = many
    table = {name: [ours] if isinstance(ours, str) else ours for name, ours in table.items()}
    return {
        name: (sum(sides[one][0] for one in ours), sides[ours[0]][1])
        for name, ours in table.items()
    }


def texts(prefixes, ends, *, flat=False):
    sides = {
        f"{prefix}encoder.layers.{n}.self_attn.{one}_proj": (32, 32)
        for prefix in prefixes
        for n in range(2)
        for one in ("q", "k", "v", "out")
    }
    return written(
        {name.replace(".", "_") if flat else name: side for name, side in sides.items()}, "", ends
    )


@pytest.fixture(scope="module")
def model():
    components = make_pipeline().components
    return stand_in("sd3", LORAS, components, ("text_encoder", "text_encoder_2", "text_encoder_3"))


@pytest.mark.parametrize("weight", [1.0, 0.5, -1.0])
def test_the_weights_are_those_of_diffusers_and_afterwards_those_of_before(model, weight, tmp_path):
    path = write(tmp_path, written(linears(model.components["transformer"]), "transformer.", PEFT))
    report = report_if_as_diffusers(model, make_pipeline, path, weight)
    assert (report.family, report.unmatched) == ("sd3", ())


@pytest.mark.parametrize("prefix", ["lora_unet_", "diffusion_model."])
def test_a_lora_in_original_names_changes_what_the_same_change_of_a_single_file_does(
    model, prefix, tmp_path
):
    """diffusers reads no such LoRA; it reads such checkpoints, and their sum with the LoRA."""
    transformer = model.components["transformer"]
    sides = original(linears(transformer))
    path = write(tmp_path, written(sides, prefix, KOHYA, flat=prefix.endswith("_")))
    changes = {f"{name}.weight": up @ down for name, (down, up) in pairs(sides).items()}
    norms = {
        f"joint_blocks.{n}.{side}_block.attn{two}.ln_{one}.weight": torch.zeros(8)
        for n in range(BLOCKS)
        for side in ("x", "context")
        for one in "qk"
        for two in (("", "2") if (n, side) == (0, "x") else ("",))
    }
    biases = {f"{name}.bias": torch.zeros(out) for name, (out, _) in sides.items()}
    others = {
        "pos_embed": torch.zeros(1),
        "x_embedder.proj.weight": torch.zeros(1),
        "x_embedder.proj.bias": torch.zeros(1),
    }
    expected = convert_sd3_transformer_checkpoint_to_diffusers(changes | norms | biases | others)
    before = weights({"transformer": transformer})
    with LoRAManager().apply_loras(model, [LoRAUse(path)], calls=20) as applied:
        after = weights({"transformer": transformer})
    (report,) = applied.reports
    assert (report.unmatched, report.matched) == ((), len(sides))
    for name in linears(transformer):
        key = f"transformer.{name}.weight"
        assert torch.equal(after[key], before[key] + expected[f"{name}.weight"]), name


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("text_encoder.text_model.", "text_encoder_2.text_model."), None),
        (("lora_te1_text_model_", "lora_te2_text_model_"), "kohya"),
    ],
)
@torch.inference_mode()
def test_both_clips_read_as_with_diffusers(model, ours, theirs, tmp_path):
    dotted = ("text_encoder.text_model.", "text_encoder_2.text_model.")
    path = write(tmp_path, texts(ours, KOHYA if theirs else PEFT, flat=bool(theirs)))
    told = write(tmp_path, texts(dotted, PEFT), "told")
    words = torch.tensor([[1, 5, 9, 63]])
    with LoRAManager().apply_loras(model, [LoRAUse(path, 0.5)], calls=20):
        read = [model.components[part](words)[0] for part in ("text_encoder", "text_encoder_2")]
    pipeline = make_pipeline()
    pipeline.load_lora_weights(str(told), adapter_name="style")
    pipeline.set_adapters(["style"], [0.5])
    assert torch.equal(pipeline.text_encoder(words)[0], read[0])
    assert torch.equal(pipeline.text_encoder_2(words)[0], read[1])
