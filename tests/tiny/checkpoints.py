"""Tiny checkpoints of every family, written as diffusers folders and as single files."""

import shutil
from contextlib import contextmanager
from unittest import mock

import diffusers
import torch
import transformers
from safetensors.torch import load_file, save_file

from medialab import Workbench
from medialab.families.unet_clip.single_files import SHARED_TOKENIZER
from medialab.loading import checkpoint
from models.paperdoll import family
from tests.tiny import networks, original_names

FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
PAPERDOLL = family.Size(
    vae_channels=(16, 16, 16, 16),
    unet_channels=(32, 32, 32),
    unet_layers=1,
    text_width=32,
    text_layers=1,
    batch=1,
)


def write_paperdoll(folder, tokenizer, size=PAPERDOLL):
    """Write a tiny checkpoint of the paperdoll family as a diffusers folder."""
    family.save_checkpoint(
        folder,
        vae=family.make_vae(size),
        text_encoder=family.make_text_encoder(size, tokenizer),
        tokenizer=tokenizer,
        unet=family.make_unet(size),
    )


def write_sd15(folder, tokenizer):
    """Write an SD1.5 as a diffusers folder, with a VAE of 8 pixels a latent as the real one's."""
    diffusers.StableDiffusionPipeline(
        unet=networks.make_unet(768),
        vae=networks.make_vae_of_four_levels(),
        text_encoder=networks.make_text_encoder("CLIPTextModel", 768, tokenizer),
        tokenizer=tokenizer,
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def write_sdxl(folder, tokenizer, vae):
    """Write SDXL and its refiner as diffusers folders, told apart by the width of their text."""
    scheduler = diffusers.EulerDiscreteScheduler()
    second = networks.make_text_encoder("CLIPTextModelWithProjection", 1280, tokenizer)
    diffusers.StableDiffusionXLPipeline(
        unet=networks.make_xl_unet(2048, sizes=6),
        vae=vae,
        text_encoder=networks.make_text_encoder("CLIPTextModel", 768, tokenizer),
        text_encoder_2=second,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=scheduler,
    ).save_pretrained(folder / "xl")
    diffusers.StableDiffusionXLImg2ImgPipeline(
        unet=networks.make_xl_unet(1280, sizes=5),
        vae=vae,
        text_encoder=None,
        text_encoder_2=second,
        tokenizer=None,
        tokenizer_2=tokenizer,
        scheduler=scheduler,
        requires_aesthetics_score=True,
    ).save_pretrained(folder / "xl-refiner")


def write_configs(folder, pipeline):
    """Write what a family's single files are built after: a pipeline without its weights."""
    pipeline.save_pretrained(folder)
    for weights in folder.rglob("*.safetensors"):
        weights.unlink()


def write_checkpoint(path, *parts, metadata=None):
    """Write one file of several parts' tensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for part in parts for name, value in part.items()}
    save_file(tensors, path, metadata=metadata)


def under(prefix, tensors):
    """The tensors with a prefix before each name."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def built_after(configs):
    """Single files are opened after these configs instead of the shipped ones; a context."""
    return mock.patch.object(checkpoint.load_checkpoint, "__defaults__", (None, configs))


@contextmanager
def workbench_of(models, folder):
    """A workbench on the CPU, whose single files are opened after the configs beside its models.

    Args:
        models: The models folder, with a folder `configs`.
        folder: Where its outputs go, in `outputs`.
    """
    with (
        built_after(models / "configs"),
        Workbench(models=models, outputs=folder / "outputs", device="cpu") as bench,
    ):
        yield bench


def make_xl_parts(tokenizer, vae=None):
    """The parts of a tiny SDXL; `vae` in place of one of two levels."""
    return {
        "unet": networks.make_xl_unet(768 + 1280, sizes=6, use_linear_projection=True),
        "vae": networks.make_vae() if vae is None else vae,
        "text_encoder": networks.make_text_encoder("CLIPTextModel", 768, tokenizer),
        "text_encoder_2": networks.make_text_encoder(
            "CLIPTextModelWithProjection", 1280, tokenizer
        ),
    }


def write_single_sdxl(path, configs, parts, tokenizer):
    """Write an SDXL's parts as a single file of the original names, and the configs for it."""
    scheduler = diffusers.EulerDiscreteScheduler()
    both = {"tokenizer": tokenizer, "tokenizer_2": tokenizer}
    pipeline = diffusers.StableDiffusionXLPipeline(**parts, **both, scheduler=scheduler)
    write_configs(configs / "sdxl", pipeline)
    first, second = (parts[name].state_dict() for name in ("text_encoder", "text_encoder_2"))
    write_checkpoint(
        path,
        original_names.original_unet(parts["unet"].state_dict(), layers=1),
        original_vae(parts["vae"]),
        under("conditioner.embedders.0", original_names.original_clip(first)),
        under("conditioner.embedders.1.model", original_names.original_open_clip(second)),
    )


def write_single_sdxl_refiner(path, configs, tokenizer):
    """Write a refiner of SDXL as a single file and its configs; returns its parts."""
    parts = {
        "unet": networks.make_xl_unet(1280, sizes=5, use_linear_projection=True),
        "vae": networks.make_vae(),
        "text_encoder_2": networks.make_text_encoder(
            "CLIPTextModelWithProjection", 1280, tokenizer
        ),
    }
    write_configs(
        configs / "sdxl-refiner",
        diffusers.StableDiffusionXLImg2ImgPipeline(
            **parts,
            text_encoder=None,
            tokenizer=None,
            tokenizer_2=tokenizer,
            scheduler=diffusers.EulerDiscreteScheduler(),
            requires_aesthetics_score=True,
            force_zeros_for_empty_prompt=False,
        ),
    )
    text = original_names.original_open_clip(parts["text_encoder_2"].state_dict())
    write_checkpoint(
        path,
        original_names.original_unet(parts["unet"].state_dict(), layers=1),
        original_vae(parts["vae"]),
        under("conditioner.embedders.0.model", text),
    )
    return parts


def write_single_sd(path, configs, tokenizer):
    """Write an SD1.5, or by the file's name an SD2, as a single file and its configs.

    Returns:
        The parts that were written, by name.
    """
    name = path.stem
    width, linear = {"sd15": (768, {}), "sd2": (1024, {"use_linear_projection": True})}[name]
    parts = {
        "unet": networks.make_unet(width, **linear),
        "vae": networks.make_vae(),
        "text_encoder": networks.make_text_encoder("CLIPTextModel", width, tokenizer),
    }
    write_configs(
        configs / name,
        diffusers.StableDiffusionPipeline(
            **parts,
            tokenizer=tokenizer,
            scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ),
    )
    text = parts["text_encoder"].state_dict()
    write_checkpoint(
        path,
        original_names.original_unet(parts["unet"].state_dict(), layers=1),
        original_vae(parts["vae"]),
        under("cond_stage_model", original_names.original_clip(text))
        if name == "sd15"
        else under("cond_stage_model.model", original_names.original_open_clip(text)),
    )
    return parts


def original_vae(vae):
    """A VAE's weights under their original names."""
    return original_names.original_vae(vae.state_dict(), levels=len(vae.config.block_out_channels))


def write_single_vae(path, vae):
    """Write a VAE as those of Stable Diffusion are handed on: the original names, no prefix."""
    weights = original_vae(vae)
    bare = {name.removeprefix("first_stage_model."): one for name, one in weights.items()}
    write_checkpoint(path, bare)


def write_widened(folder, source, name, channels):
    """Write a single file once more, its denoiser reading more channels: 9 inpaint, 8 edit."""
    tensors = load_file(folder / f"{source}.safetensors")
    first = tensors[FIRST_LAYER]
    chance = torch.Generator().manual_seed(0)
    more = 0.1 * torch.randn(len(first), channels - 4, 3, 3, generator=chance)
    tensors[FIRST_LAYER] = torch.cat([first, more], dim=1)
    write_checkpoint(folder / f"{name}.safetensors", tensors)


def write_single_files(root, tokens):
    """Write a single file and the configs of each family into a models folder.

    As wide as the families themselves where cross-attention reads, since that tells them apart.

    Args:
        root: the models folder.
        tokens: the folder of a tokenizer, which becomes the shared one.

    Returns:
        The parts that were written, by family and by name.
    """
    configs, folder = root / "configs", root / "checkpoints"
    shutil.copytree(tokens, configs / SHARED_TOKENIZER)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(tokens, local_files_only=True)
    torch.manual_seed(0)
    sd15 = write_single_sd(folder / "sd15.safetensors", configs, tokenizer)
    sdxl = make_xl_parts(tokenizer)
    write_single_sdxl(folder / "sdxl.safetensors", configs, sdxl, tokenizer)
    sd2 = write_single_sd(folder / "sd2.safetensors", configs, tokenizer)
    refiner = write_single_sdxl_refiner(folder / "sdxl-refiner.safetensors", configs, tokenizer)
    return {"sd15": sd15, "sd2": sd2, "sdxl": sdxl, "sdxl-refiner": refiner}
