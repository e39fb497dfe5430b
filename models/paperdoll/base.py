"""The recipe of the base model: text encoder and UNet, on the VAE's latents."""

import random as stdlib_random
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, StableDiffusionPipeline
from torch import nn

from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.training import Trainer, contact_sheet, to_tensor


class LatentPool:
    """Encoded pictures with their scenes, always being renewed, so that none is seen for long."""

    def __init__(self, vae: AutoencoderKL, capacity: int, device: torch.device) -> None:
        self.vae, self.device = vae, device
        self.latents = torch.zeros(capacity, 4, family.LATENT_SIZE, family.LATENT_SIZE)
        self.scenes: list[world.Scene | None] = [None] * capacity
        self.filled = 0
        self.written = 0

    @torch.no_grad()
    def renew(self, count: int, random: stdlib_random.Random) -> None:
        """Draw and encode `count` new pictures over the oldest ones."""
        scenes = [world.draw_split(random, held_out=False) for _ in range(count)]
        images = to_tensor([draw(scene, family.NATIVE_SIZE, masks=False).image for scene in scenes])
        latents = self.vae.encode(images.to(self.device)).latent_dist.mode().cpu()
        for scene, latent in zip(scenes, latents, strict=True):
            place = self.written % len(self.scenes)
            self.scenes[place], self.latents[place] = scene, latent
            self.written += 1
        self.filled = min(self.written, len(self.scenes))

    def batch(self, count: int, random: stdlib_random.Random) -> tuple[torch.Tensor, list[str]]:
        """Latents (count, 4, 16, 16) and a freshly worded caption for each."""
        places = [random.randrange(self.filled) for _ in range(count)]
        captions = [world.caption(self.scenes[place], random) for place in places]  # type: ignore[arg-type]
        return self.latents[places].to(self.device), captions


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
    """Text encoder and UNet together, by velocity prediction on cached latents.

    A tenth of the captions is dropped, for classifier-free guidance. Source: Salimans and Ho,
    "Progressive Distillation for Fast Sampling of Diffusion Models", appendix D; losses weighted as
    in Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", gamma 5.
    """
    vae_folder = family.CHECKPOINT / "vae" if warm else family.TRAINING / "vae" / "finished"
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
    pool = LatentPool(vae, 6_000 if device.type == "cpu" else 100_000, device)
    alphas = scheduler.alphas_cumprod.to(device)

    def tokens(captions: list[str]) -> torch.Tensor:
        return tokenizer(
            captions, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids.to(device)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        while pool.filled < min(60 * size.batch, len(pool.scenes)):
            pool.renew(50, random)
        pool.renew(max(2, size.batch // 12), random)
        latents, captions = pool.batch(size.batch, random)
        captions = ["" if random.random() < 0.1 else said for said in captions]
        noise = torch.randn_like(latents)
        steps_at = torch.randint(0, 1000, (len(captions),), device=device)
        noisy = scheduler.add_noise(latents, noise, steps_at)
        wanted = scheduler.get_velocity(latents, noise, steps_at)
        got = unet(noisy, steps_at, text_encoder(tokens(captions)).last_hidden_state).sample
        ratio = alphas[steps_at] / (1 - alphas[steps_at])
        weight = ratio.clamp(max=5.0) / (ratio + 1) + 0.25
        return (weight * F.mse_loss(got, wanted, reduction="none").mean((1, 2, 3))).mean()

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
            num_inference_steps=20,
            guidance_scale=4.0,
            generator=[torch.Generator().manual_seed(n) for n in range(len(SAMPLE_PROMPTS))],
        ).images
        contact_sheet(images, 6).save(path)

    if not trainer.run(steps, loss, sample, sample_every=500):
        return
    encoder, denoiser = finished()
    family.save_checkpoint(family.CHECKPOINT, vae, encoder, tokenizer, denoiser)
    print(f"written: {family.CHECKPOINT.relative_to(family.REPOSITORY)}")
