"""The models folder of the golden set: tiny models by seeds, and the embedded ones."""

import shutil

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from models.paperdoll import family
from tests.tiny import checkpoints, detectors, loras, networks

EMBEDDED = (
    "checkpoints/paperdoll",
    "checkpoints/paperdoll-edit",
    "controlnet/paperdoll-canny",
    "detectors/paperdoll",
    "embeddings/mina.safetensors",
    "loras/night-palette.safetensors",
    "loras/pencil-sketch.safetensors",
    "upscalers/paperdoll-2x.safetensors",
)
LINEAR = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
CONV = "down_blocks.0.resnets.0.conv1"
TEXT = "text_model.encoder.layers.0.self_attn.q_proj"
XL_LINEAR = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_q"


def write_models(root):
    """Write every model that a golden picture is made with into a models folder."""
    _copy_embedded(root)
    folder = root / "checkpoints"
    # The trained tokenizer: what a new one would learn depends on its library.
    tokens = folder / "paperdoll" / "tokenizer"
    tokenizer = CLIPTokenizer.from_pretrained(tokens, local_files_only=True)
    for seed, name in enumerate(("tiny", "tiny-other")):
        torch.manual_seed(seed)
        checkpoints.write_paperdoll(folder / name, tokenizer)
    torch.manual_seed(2)
    checkpoints.write_sdxl(folder, tokenizer, networks.make_vae_of_four_levels())
    parts = checkpoints.write_single_files(root, tokens)
    checkpoints.write_widened(folder, "sd15", "sd15-inpaint", channels=9)
    checkpoints.write_widened(folder, "sd15", "sd15-edit", channels=8)
    _write_controlnet(root / "controlnet" / "lines")
    _write_vaes(root / "vae")
    _write_loras(root / "loras", parts["sdxl"])
    _write_inversions(root / "embeddings")
    _write_detectors(root / "detectors")
    _write_words(root)


def _copy_embedded(root):
    for name in EMBEDDED:
        source, target = family.MODELS / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)


def _write_controlnet(folder):
    torch.manual_seed(3)
    networks.make_controlnet(family.make_unet(checkpoints.PAPERDOLL)).save_pretrained(folder)


def _write_vaes(folder):
    torch.manual_seed(4)
    vae = family.make_vae(checkpoints.PAPERDOLL)
    vae.save_pretrained(folder / "own")
    checkpoints.write_single_vae(folder / "own-single.safetensors", vae)


def _write_loras(folder, xl):
    """Write a LoRA of each kind for `tiny`, one for SDXL, and one under each program's names."""
    linear, conv = torch.zeros(32, 32), torch.zeros(32, 32, 3, 3)
    for kinds, path, weight, place in (
        (loras.CASES, LINEAR, linear, "linear"),
        (loras.CONVOLUTIONS, CONV, conv, "conv"),
    ):
        for kind, make in kinds.items():
            leaves, _ = make(weight)
            _write_lora(folder / f"{place} {kind}", loras.kohya(path, leaves))
    down, up = loras.drawn(4, 32, seed=11), loras.drawn(32, 4, seed=12)
    for program, names in {
        "peft": (f"unet.{LINEAR}.lora_A.weight", f"unet.{LINEAR}.lora_B.weight"),
        "diffusers": (f"unet.{LINEAR}.lora.down.weight", f"unet.{LINEAR}.lora.up.weight"),
    }.items():
        _write_lora(folder / program, dict(zip(names, (down, up), strict=True)))
    pair = {"lora_down.weight": down, "lora_up.weight": up}
    text = loras.kohya(TEXT, pair, prefix="lora_te_")
    _write_lora(folder / "text", text)
    _write_lora(folder / "both", text | loras.kohya(LINEAR, pair))
    out, into = xl["unet"].get_submodule(XL_LINEAR).weight.shape
    leaves, _ = loras.linear_case(out, into)
    _write_lora(folder / "xl-style", loras.kohya(XL_LINEAR, leaves))


def _write_lora(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {name: one.clone().contiguous() for name, one in tensors.items()}
    save_file(whole, path.with_suffix(".safetensors"))


def _write_inversions(folder):
    for name, tensors in {
        "blot": {"emb_params": loras.drawn(2, 32, seed=21)},
        "smear": {"emb_params": loras.drawn(3, 32, seed=22)},
        "mist": {
            "clip_l": loras.drawn(2, 768, seed=23),
            "clip_g": loras.drawn(2, 1280, seed=24),
        },
    }.items():
        save_file(tensors, folder / f"{name}.safetensors")


def _write_detectors(folder):
    detectors.tiny_yolo("yolo with shapes", folder / "yolo.onnx")
    for name, make in {"sam": detectors.tiny_sam, "depth": detectors.tiny_depth}.items():
        torch.manual_seed(5)
        network, processor = make()
        network.save_pretrained(folder / name)
        processor.save_pretrained(folder / name)


def _write_words(root):
    """Write a style and a file of wildcards."""
    (root / "styles.csv").write_text(
        'name,prompt,negative_prompt\nwarm,"{prompt}, warm light",blue\n'
    )
    (root / "wildcards").mkdir()
    (root / "wildcards" / "thing.txt").write_text("ball\nhat\nface\n")


def draw_pictures():
    """The pictures that others start from, by name: whole numbers, so the same everywhere."""
    from PIL import Image, ImageDraw

    across, down = np.meshgrid(np.arange(64), np.arange(64))
    waves = np.stack([across * 4, down * 4, (across * down) % 256], axis=2).astype(np.uint8)
    start = Image.fromarray(waves)
    ImageDraw.Draw(start).rectangle((20, 16, 44, 40), fill=(200, 60, 40))
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (16, 16, 48, 40))
    spots = Image.new("L", (64, 64), 0)
    for left in (4, 40):
        spots.paste(255, (left, 20, left + 16, 36))
    lines = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(lines).rectangle((12, 12, 50, 50), fill="black")
    wide = Image.fromarray(np.concatenate([waves, waves[:, :32]], axis=1))
    return {"start": start, "mask": mask, "spots": spots, "lines": lines, "wide": wide}
