"""The recipe of the base model: text encoder and UNet, on the VAE's latents."""

import random as stdlib_random
from functools import partial
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from torch import nn

from models.paperdoll import family
from models.paperdoll.latents import (
    LatentPool,
    draw_example,
    some_without_words,
    tokenize,
    velocity_loss,
)
from models.paperdoll.training import Trainer, contact_sheet

# Sides in pixels, and how often a step is made at each: the refiner works above the native size.
SIDES = ((family.NATIVE_SIZE, 0.8), (192, 0.12), (256, 0.08))


SAMPLE_PROMPTS = (
    "a smiling person with red hair",
    (
        "a full body picture of a sad person with long black hair, wearing a blue shirt and white "
        "trousers, waving, on the beach"
    ),
    "a green tree in the snow",
    (
        "a portrait of a surprised person with short blond hair, wearing a red hat and a "
        "green shirt, at night"
    ),
    "a close-up of the face of a smiling person with long brown hair",
    "a close-up of an open hand with a yellow sleeve, in a meadow",
    "a purple house on the beach",
    "a blue star at night",
    (
        "a person with white hair, wearing a purple shirt and orange trousers, with arms up, "
        "in a room, full body"
    ),
    "a red car in a meadow",
    "a close-up of a fist on a plain background",
    (
        "a calm person with long red hair in a black shirt and yellow trousers, with hands on "
        "hips, in the snow, full body"
    ),
)


def train_base(size: family.Size, steps: int, device: torch.device, *, warm: bool = False) -> None:
    """Train text encoder and UNet together, by velocity prediction on cached latents.

    A tenth of the captions is dropped, for classifier-free guidance. Small parts have a larger
    weight, and a fifth of the steps uses pictures above the native size.
    """
    vae_folder = family.TRAINING / "vae" / "finished"
    if warm and not vae_folder.exists():
        vae_folder = family.CHECKPOINT / "vae"
    vae = AutoencoderKL.from_pretrained(vae_folder, use_safetensors=True).to(device)
    vae = vae.eval().to(memory_format=torch.channels_last)
    tokenizer = family.find_tokenizer(
        family.CHECKPOINT / "tokenizer" if warm else family.TRAINING / "tokenizer"
    )
    text_encoder = family.make_text_encoder(size, tokenizer)
    unet = family.make_unet(size).to(memory_format=torch.channels_last)
    scheduler = family.make_scheduler()
    trainer = Trainer("base", {"text_encoder": text_encoder, "unet": unet}, device, rate=6e-4)
    if warm:
        trainer.start_from({name: family.CHECKPOINT / name for name in ("text_encoder", "unet")})
    capacity = 6_000 if device.type == "cpu" else 100_000
    pools = {
        side: LatentPool(vae, int(capacity * share), partial(draw_example, side=side), side=side)
        for side, share in SIDES
    }

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        side = random.choices(list(pools), [share for _, share in SIDES])[0]
        # As many latents a step at every size.
        count = max(1, size.batch * family.NATIVE_SIZE**2 // side**2)
        batch = pools[side].batch(count, random)
        captions = some_without_words(batch.captions, random)
        embeddings = text_encoder(tokenize(tokenizer, captions, device)).last_hidden_state
        return velocity_loss(
            lambda noisy, timesteps: unet(noisy, timesteps, embeddings).sample,
            batch.latents,
            batch.weights,
            scheduler,
        )

    def finished() -> tuple[nn.Module, nn.Module]:
        encoder, denoiser = family.make_text_encoder(size, tokenizer), family.make_unet(size)
        encoder.load_state_dict(trainer.averaged("text_encoder"))
        denoiser.load_state_dict(trainer.averaged("unet"))
        return encoder, denoiser

    def sample(path: Path, step: int) -> None:
        del step
        encoder, denoiser = finished()
        pipeline = StableDiffusionPipeline(
            vae=vae,
            text_encoder=encoder.to(device),
            tokenizer=tokenizer,
            unet=denoiser.to(device),
            scheduler=family.make_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.set_progress_bar_config(disable=True)
        images = pipeline(
            list(SAMPLE_PROMPTS),
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=4.0,
            generator=[torch.Generator().manual_seed(n) for n in range(len(SAMPLE_PROMPTS))],
        ).images
        contact_sheet(images, 6).save(path)

    if not trainer.run(steps, loss, sample, sample_every=500):
        return
    encoder, denoiser = finished()
    family.save_checkpoint(family.CHECKPOINT, vae, encoder, tokenizer, denoiser)
    print(f"written: {family.CHECKPOINT.relative_to(family.REPOSITORY)}")
