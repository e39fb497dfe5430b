"""Key lists as trainers write them, against the real SD1.5 and SDXL: every layer finds its place.

The lists are written down from the trainers' own rules and from the original code's layout, not
from ours. The models have their published sizes and no weights (torch's meta device).
"""

from types import SimpleNamespace

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.families.kinds import classify
from medialab.families.unet_clip.lora_blocks import LISTS, block_of
from medialab.files.headers import Header
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.loading.networks import CONFIGS
from medialab.lora.files import parse_lora
from medialab.lora.fitting import Fit
from medialab.lora.names import modules_by_name, plain

ATTENTION = [f"{attn}.{end}" for attn in ("attn1", "attn2") for end in ("to_q", "to_k", "to_v")]
ATTENTION += ["attn1.to_out.0", "attn2.to_out.0"]
BLOCK = [*ATTENTION, "ff.net.0.proj", "ff.net.2"]
TEXT = [f"self_attn.{one}_proj" for one in ("q", "k", "v", "out")] + ["mlp.fc1", "mlp.fc2"]


def make_model(family):
    folder = CONFIGS / family
    with torch.device("meta"):
        config = UNet2DConditionModel.load_config(folder / "unet")
        parts = {"unet": UNet2DConditionModel.from_config(config)}
        text = CLIPTextConfig.from_pretrained(folder / "text_encoder")
        parts["text_encoder"] = CLIPTextModel(text)
        if family == "sdxl":
            text = CLIPTextConfig.from_pretrained(folder / "text_encoder_2")
            parts["text_encoder_2"] = CLIPTextModelWithProjection(text)
    return LoadedCheckpoint(
        SimpleNamespace(components=parts), RUNNING[family], "cpu", torch.float32
    )


@pytest.fixture(scope="module")
def models():
    return {family: make_model(family) for family in ("sd15", "sdxl")}


def transformer(path, depth):
    """The layers that kohya trains in one attention block."""
    inner = [f"{path}.transformer_blocks.{n}.{one}" for n in range(depth) for one in BLOCK]
    return [f"{path}.proj_in", *inner, f"{path}.proj_out"]


def attention_blocks(family):
    """Path and depth of each, in diffusers' names."""
    levels = {"sd15": {0: 1, 1: 1, 2: 1}, "sdxl": {1: 2, 2: 10}}[family]
    last = len(levels) if family == "sd15" else 2
    for level, depth in levels.items():
        for n in range(2):
            yield f"down_blocks.{level}.attentions.{n}", depth
        for n in range(3):
            yield f"up_blocks.{last - level}.attentions.{n}", depth
    yield "mid_block.attentions.0", levels[max(levels)]


# Where the original code has attention, and how deep: SDXL, then SD1.5.
ORIGINAL = {
    "sdxl": {
        **{f"input_blocks.{n}.1": 2 for n in (4, 5)},
        **{f"input_blocks.{n}.1": 10 for n in (7, 8)},
        "middle_block.1": 10,
        **{f"output_blocks.{n}.1": 10 for n in (0, 1, 2)},
        **{f"output_blocks.{n}.1": 2 for n in (3, 4, 5)},
    },
    "sd15": {
        **{f"input_blocks.{n}.1": 1 for n in (1, 2, 4, 5, 7, 8)},
        "middle_block.1": 1,
        **{f"output_blocks.{n}.1": 1 for n in range(3, 12)},
    },
}
LAST = {"sdxl": 9, "sd15": 12}


def original_convolutions(family):
    """Everything outside attention in the original code's names, as Lightning's files have it."""
    blocks = [f"middle_block.{n}" for n in (0, 2)]
    narrow = []
    for n in range(LAST[family]):
        if n % 3 or n == 0:
            blocks += [f"input_blocks.{n}.0"] if n else []
        else:
            yield f"input_blocks.{n}.0.op"
        blocks.append(f"output_blocks.{n}.0")
        narrow.append(f"output_blocks.{n}.0")
        if n in {2, 5, 8} and n < LAST[family] - 1:
            attends = f"output_blocks.{n}.1" in ORIGINAL[family]
            yield f"output_blocks.{n}.{1 + attends}.conv"
    narrow += ["input_blocks.4.0", "input_blocks.7.0"]
    yield from (f"{one}.skip_connection" for one in narrow)
    for one in blocks:
        yield from (f"{one}.{end}" for end in ("in_layers.2", "emb_layers.1", "out_layers.3"))
    yield from ("input_blocks.0.0", "out.2", "time_embed.0", "time_embed.2")
    if family == "sdxl":
        yield from ("label_emb.0.0", "label_emb.0.2")


def diffusers_attention(family):
    return [one for path, depth in attention_blocks(family) for one in transformer(path, depth)]


def original_attention(family):
    return [one for path, depth in ORIGINAL[family].items() for one in transformer(path, depth)]


def only(names, ends):
    return [name for name in names if name.endswith(tuple(ends))]


def lcm_layers(models, family):
    """What diffusers' train_lcm_distill_lora_sd_wds.py trains, by its --lora_target_modules."""
    ends = (
        *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"),
        *("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv"),
        "time_emb_proj",
    )
    return only([name for name, _ in models[family].components["unet"].named_modules()], ends)


def text(layers):
    return [f"text_model.encoder.layers.{n}.{one}" for n in range(layers) for one in TEXT]


def under(prefix, names):
    """Kohya's names: a prefix, and underscores for dots."""
    return [prefix + name.replace(".", "_") for name in names]


def dotted(prefix, names):
    return [prefix + name for name in names]


KOHYA = (".lora_down.weight", ".lora_up.weight")
PEFT = (".lora_A.weight", ".lora_B.weight")
SD15_TEXT = under("lora_te_", text(12))
SDXL_TEXT = under("lora_te1_", text(12)) + under("lora_te2_", text(32))
PROCESSORS = [
    name.replace(".to_out.0", ".to_out").replace(".to_", ".processor.to_")
    for name in only(diffusers_attention("sd15"), ATTENTION)
]

# Who writes it -> the family, the layers' names, how many are published (None: all of the list),
# and what ends a tensor's name.
LISTS_IN_THE_WILD = {
    "kohya SD1.5": (
        "sd15",
        lambda _: under("lora_unet_", diffusers_attention("sd15")) + SD15_TEXT,
        192 + 72,
        KOHYA,
    ),
    "kohya SDXL": (
        "sdxl",
        lambda _: under("lora_unet_", original_attention("sdxl")) + SDXL_TEXT,
        722 + 72 + 192,
        KOHYA,
    ),
    "OneTrainer SDXL": (
        "sdxl",
        lambda _: under("lora_unet_", diffusers_attention("sdxl")) + SDXL_TEXT,
        722 + 72 + 192,
        KOHYA,
    ),
    "diffusers SDXL": (
        "sdxl",
        lambda _: dotted("unet.", only(diffusers_attention("sdxl"), ATTENTION)),
        560,
        PEFT,
    ),
    "diffusers, with text": (
        "sdxl",
        lambda _: (
            dotted("unet.", only(diffusers_attention("sdxl"), ATTENTION))
            + dotted("text_encoder.", text(12))
            + dotted("text_encoder_2.", text(32))
        ),
        560 + 72 + 192,
        (".lora.down.weight", ".lora.up.weight"),
    ),
    "diffusers of 2023, text": (
        "sd15",
        lambda _: dotted("text_encoder.", text(12)),
        72,
        (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
    ),
    "diffusers of 2022": (
        "sd15",
        lambda _: PROCESSORS,
        128,
        ("_lora.down.weight", "_lora.up.weight"),
    ),
    "diffusers of 2023": (
        "sd15",
        lambda _: dotted("unet.", PROCESSORS),
        128,
        ("_lora.down.weight", "_lora.up.weight"),
    ),
    "PEFT": (
        "sd15",
        lambda _: dotted("base_model.model.", only(diffusers_attention("sd15"), ATTENTION)),
        128,
        (".lora_A.default.weight", ".lora_B.default.weight"),
    ),
    "ComfyUI": (
        "sd15",
        lambda _: (
            dotted("diffusion_model.", original_attention("sd15"))
            + dotted("text_encoders.clip_l.transformer.", text(12))
        ),
        192 + 72,
        KOHYA,
    ),
    "LCM SD1.5": (
        "sd15",
        lambda models: under("lora_unet_", lcm_layers(models, "sd15")),
        None,
        KOHYA,
    ),
    "LCM SDXL": (
        "sdxl",
        lambda models: under("lora_unet_", lcm_layers(models, "sdxl")),
        None,
        KOHYA,
    ),
    "Lightning SDXL": (
        "sdxl",
        lambda _: under(
            "lora_unet_", [*original_attention("sdxl"), *original_convolutions("sdxl")]
        ),
        None,
        KOHYA,
    ),
    "LyCORIS' own names": (
        "sdxl",
        lambda models: under("lycoris_", lcm_layers(models, "sdxl")),
        None,
        KOHYA,
    ),
    "original names, SD1.5": (
        "sd15",
        lambda _: under(
            "lora_unet_", [*original_attention("sd15"), *original_convolutions("sd15")]
        ),
        None,
        KOHYA,
    ),
}


def rank_one(model, names, ends):
    """Tensors of rank 1 for these layers, with the sides that the model's weights have."""
    zero, tensors = torch.zeros(1), {}
    fit = Fit(
        parse_lora("probe", {f"{name}{end}": zero for name in names for end in ends}, {}), model
    )
    sides = {f"{layer.part} {layer.path}": module.weight.shape for _, module, layer in fit.places}
    for name, layer in zip(names, fit.file.layers, strict=True):
        out, *into = sides.get(f"{layer.part} {layer.path}", (8, 8))
        tensors[name + ends[0]] = zero.expand(1, *into)
        tensors[name + ends[1]] = zero.expand(out, 1, *[1] * (len(into) - 1))
    return tensors


@pytest.mark.parametrize("kind", LISTS_IN_THE_WILD)
def test_every_layer_of_a_published_list_finds_its_place(models, kind):
    family, make, count, ends = LISTS_IN_THE_WILD[kind]
    names, model = make(models), models[family]
    assert len(names) == len(set(names)) == (count or len(names))
    fit = Fit(parse_lora(kind, rank_one(model, names, ends), {}), model)
    assert fit.report.unmatched == ()
    assert fit.report.matched == len(names)
    assert len({id(module) for _, module, _ in fit.places}) == len(names)
    fit.refuse_foreign()


@pytest.mark.parametrize("kind", LISTS_IN_THE_WILD)
def test_its_family_is_told_and_another_checkpoint_refuses_it(models, kind):
    family, make, _, ends = LISTS_IN_THE_WILD[kind]
    names = make(models)
    tensors = rank_one(models[family], names, ends)
    header = Header({name: tuple(value.shape) for name, value in tensors.items()}, {})
    verdict = classify(header)
    assert verdict.kind == "lora"
    reads_text = any("attn2" in name for name in names)
    assert verdict.family == (family if reads_text else "unknown")
    if reads_text:
        other = {"sd15": "sdxl", "sdxl": "sd15"}[family]
        with pytest.raises(ModelRefusedError, match="made for another model"):
            Fit(parse_lora(kind, tensors, {}), models[other]).refuse_foreign()


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_original_names_are_those_that_diffusers_converts(models, family):
    """Of every layer: a list alone would not tell two of the same sides from each other."""
    unet, prefix = models[family].components["unet"], "model.diffusion_model."
    names = [*original_attention(family), *original_convolutions(family)]
    numbered = {
        f"{prefix}{name}.{end}": torch.tensor(n)
        for end in ("weight", "bias")
        for n, name in enumerate([*names, "out.0"])
    }
    converted = convert_ldm_unet_checkpoint(numbered, dict(unet.config))
    converted = {
        path: number
        for path, number in converted.items()
        if path.endswith(".weight") and path != "conv_norm_out.weight"
    }
    found = modules_by_name("unet", unet, models[family].family.loras)
    for path, number in converted.items():
        assert found[plain(names[int(number)])][0].path == path.removesuffix(".weight")
    layers = (torch.nn.Linear, torch.nn.Conv2d)
    every = {name for name, one in unet.named_modules() if isinstance(one, layers)}
    assert {path.removesuffix(".weight") for path in converted} == every


@pytest.mark.parametrize(
    ("family", "with_attention", "every"), [("sd15", 17, 26), ("sdxl", 12, 20)]
)
def test_lists_of_block_weights_name_the_blocks_that_a_checkpoint_has(
    models, family, with_attention, every
):
    paths = [name for name, _ in models[family].components["unet"].named_modules()]
    blocks = {block_of(path) for path in paths} - {None}
    attends = {block_of(path) for path in paths if ".attn" in path}
    assert blocks == {*LISTS[every]} - {"BASE"}
    assert attends == {*LISTS[with_attention]} - {"BASE"}
