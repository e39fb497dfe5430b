"""A tiny checkpoint of each family that runs, as a diffusers folder: a line a family."""

import shutil

import diffusers
import torch
import transformers

from tests.tiny import flux2_klein, networks, qwen_image, qwen_image21, t5_clip, z_image


def write_sd(folder, tokenizer, width):
    """Write a Stable Diffusion whose cross-attention reads text of this width."""
    diffusers.StableDiffusionPipeline(
        unet=networks.make_unet(width),
        vae=networks.make_vae_of_four_levels(),
        text_encoder=networks.make_text_encoder("CLIPTextModel", width, tokenizer),
        tokenizer=tokenizer,
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def write_klein(folder, family):
    """Write a Flux.2 Klein of the edition that compares with a negative prompt."""
    flux2_klein.write_klein(folder, family, is_distilled=False)


def write_sdxl(folder, tokenizer):
    """Write an SDXL."""
    diffusers.StableDiffusionXLPipeline(
        unet=networks.make_xl_unet(768 + 1280, sizes=6),
        vae=networks.make_vae_of_four_levels(),
        text_encoder=networks.make_text_encoder("CLIPTextModel", 768, tokenizer),
        text_encoder_2=networks.make_text_encoder("CLIPTextModelWithProjection", 1280, tokenizer),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=diffusers.EulerDiscreteScheduler(),
    ).save_pretrained(folder)


def write_refiner(folder, tokenizer):
    """Write a refiner of SDXL."""
    diffusers.StableDiffusionXLImg2ImgPipeline(
        unet=networks.make_xl_unet(1280, sizes=5),
        vae=networks.make_vae_of_four_levels(),
        text_encoder=None,
        text_encoder_2=networks.make_text_encoder("CLIPTextModelWithProjection", 1280, tokenizer),
        tokenizer=None,
        tokenizer_2=tokenizer,
        scheduler=diffusers.EulerDiscreteScheduler(),
        requires_aesthetics_score=True,
    ).save_pretrained(folder)


# Each is given the folder to write, CLIP's tokenizer, and the tiny paper doll's folder.
WRITERS = {
    "paperdoll": lambda folder, _, paperdoll: shutil.copytree(paperdoll, folder),
    "sd15": lambda folder, tokenizer, _: write_sd(folder, tokenizer, 768),
    "sd2": lambda folder, tokenizer, _: write_sd(folder, tokenizer, 1024),
    "sdxl": lambda folder, tokenizer, _: write_sdxl(folder, tokenizer),
    "sdxl-refiner": lambda folder, tokenizer, _: write_refiner(folder, tokenizer),
    "sd3": lambda folder, *_: t5_clip.make_sd3().save_pretrained(folder),
    "chroma": lambda folder, *_: t5_clip.make_chroma().save_pretrained(folder),
    "flux2-klein-4b": lambda folder, *_: write_klein(folder, "flux2-klein-4b"),
    "flux2-klein-9b": lambda folder, *_: write_klein(folder, "flux2-klein-9b"),
    "flux": lambda folder, *_: t5_clip.make_flux().save_pretrained(folder),
    "qwen-image": lambda folder, *_: qwen_image.write_qwen_image(folder),
    "qwen-image-2.1": lambda folder, *_: qwen_image21.write_qwen_image21(folder),
    "z-image": lambda folder, *_: z_image.make_pipeline().save_pretrained(folder),
}


def write_families(models, names, paperdoll=None):
    """Write a tiny checkpoint of each family into a models folder, called like the family.

    `paperdoll` is the folder of the tiny paper doll, whose tokenizer families with CLIP take; flow
    families alone need none.
    """
    (models / "checkpoints").mkdir(parents=True)
    tokenizer = None
    if paperdoll is not None:
        tokenizer = transformers.CLIPTokenizer.from_pretrained(
            paperdoll / "tokenizer", local_files_only=True
        )
    for name in names:
        torch.manual_seed(0)
        WRITERS[name](models / "checkpoints" / name, tokenizer, paperdoll)
