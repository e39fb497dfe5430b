"""The recipe of the VAE: pictures to latents and back."""

import copy
import math
import random as stdlib_random
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image
from torch import nn

from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.latents import weights_of_pixels
from models.paperdoll.training import COOL_DOWN, Trainer, contact_sheet, to_images, to_tensor

_LOOKS_AT_PARTS = 0.7  # share of the crops, among pictures that have a face or a hand
_FACES = 0.6  # of those, the share that looks at the face
# How strongly a warm start is kept to the previous latents: outside of faces, and in them.
_HELD, _HELD_IN_FACES = 1.0, 0.02
_WHITENING = 96  # pictures used to measure the latents' mean and covariance


def train_vae(size: family.Size, steps: int, device: torch.device, *, warm: bool = False) -> None:
    """Train by L1 on pixels and on their differences, with a small KL term.

    Faces and hands have a larger weight. A warm start keeps the latents close to the previous
    ones, except in faces, so that models trained on those need little new training.

    Crops of 64 px keep a step short; more than half of them contain a face or a hand, where an eye
    is two pixels wide. The last quarter of the training uses whole pictures, because group norms
    depend on the whole field of view. At first, three latent channels are kept near the mean
    colour of their 8x8 block, and the posterior starts narrow: otherwise colour is learnt last
    (after 1,000 steps every person wore the same dark blue).
    """
    vae = family.make_vae(size).to(memory_format=torch.channels_last)
    nn.init.zeros_(vae.quant_conv.weight[4:])
    nn.init.constant_(vae.quant_conv.bias[4:], -6.0)
    trainer = Trainer("vae", {"vae": vae}, device, rate=1.5e-3)
    if warm:
        trainer.start_from({"vae": family.CHECKPOINT / "vae"})
    before = copy.deepcopy(vae).eval().requires_grad_(requires_grad=False) if warm else None
    crop, crops = 64, 5 if device.type == "cpu" else 64

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        whole = trainer.step > steps * (1 - COOL_DOWN)
        count = max(1, crops * crop * crop // family.NATIVE_SIZE**2) if whole else crops
        drawn = [training_picture(random, None if whole else crop) for _ in range(count)]
        wanted = to_tensor([image for image, _ in drawn]).to(device)
        weights = torch.stack([weight for _, weight in drawn]).to(device)
        posterior = vae.encode(wanted).latent_dist
        difference = vae.decode(posterior.sample()).sample - wanted
        edges = (
            (weights[..., 1:] * difference.diff(dim=-1).abs()).mean()
            + (weights[..., 1:, :] * difference.diff(dim=-2).abs()).mean()
        ) / 2
        kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
        if before is None:
            colours = (posterior.mean[:, :3] - F.avg_pool2d(wanted, 8)).abs().mean()
            held = max(0.0, 1 - trainer.step / 1500) * colours
        else:
            with torch.no_grad():
                old = before.encode(wanted).latent_dist.mode()
            free = F.max_pool2d((weights > 1).float(), 8)
            share = _HELD + (_HELD_IN_FACES - _HELD) * free
            held = (share * (posterior.mean - old) ** 2).mean()
        return (weights * difference.abs()).mean() + 0.5 * edges + 1e-5 * kl + held

    @torch.no_grad()
    def sample(path: Path, step: int) -> None:
        averaged = family.make_vae(size).to(device)
        averaged.load_state_dict(trainer.averaged("vae"))
        random = stdlib_random.Random(5)
        images = [
            draw(world.draw_split(random, held_out=True), family.NATIVE_SIZE, masks=False).image
            for _ in range(16)
        ]
        wanted = to_tensor(images).to(device)
        got = averaged.decode(averaged.encode(wanted).latent_dist.mode()).sample.clamp(-1, 1)
        psnr = -10 * math.log10(float(((got - wanted) / 2).pow(2).mean()))
        print(f"step {step}: PSNR on held-out renders {psnr:.2f} dB", flush=True)
        contact_sheet(
            [pair for both in zip(images, to_images(got), strict=True) for pair in both], 8
        ).save(path)

    if not trainer.run(steps, loss, sample, sample_every=500):
        return
    finished = family.make_vae(size).to(device)
    finished.load_state_dict(trainer.averaged("vae"))
    if not warm:
        whiten_latents(finished)
    finished.save_pretrained(family.TRAINING / "vae" / "finished")


def training_picture(
    random: stdlib_random.Random, crop: int | None
) -> tuple[Image.Image, torch.Tensor]:
    """Return a render with its pixel weights, whole or cropped, mostly around a small part."""
    scene = world.draw_split(random, held_out=False)
    picture = draw(scene, family.NATIVE_SIZE)
    weights = weights_of_pixels(picture.masks, family.NATIVE_SIZE)
    if crop is None:
        return picture.image, weights
    parts = [mask for name, mask in picture.masks.items() if name not in {"body", "face"}]
    face = picture.masks.get("face")
    last = family.NATIVE_SIZE - crop
    left, top = random.randint(0, last), random.randint(0, last)
    if (parts or face) and random.random() < _LOOKS_AT_PARTS:
        seen = face if face and (not parts or random.random() < _FACES) else random.choice(parts)
        box = seen.getbbox() or (0, 0, crop, crop)
        centre = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
        left, top = (
            min(last, max(0, middle - crop // 2 + random.randint(-16, 16))) for middle in centre
        )
    return (
        picture.image.crop((left, top, left + crop, top + crop)),
        weights[:, top : top + crop, left : left + crop],
    )


@torch.no_grad()
def whiten_latents(vae: AutoencoderKL) -> None:
    """Rotate and scale the latents to zero mean and unit covariance.

    The change is made in the VAE's own 1x1 convolutions: decoded pictures stay the same, and the
    diffusion model gets four channels of equal weight.
    """
    random = stdlib_random.Random(11)
    images = [
        draw(world.draw_scene(random), family.NATIVE_SIZE, masks=False).image
        for _ in range(_WHITENING)
    ]
    parts = [
        vae.encode(to_tensor(images[i : i + 16]).to(vae.device)).latent_dist
        for i in range(0, _WHITENING, 16)
    ]
    latents = torch.cat([part.mean for part in parts]).permute(0, 2, 3, 1).reshape(-1, 4).double()
    logvar = torch.cat([part.logvar for part in parts]).mean()
    mean = latents.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(latents.T))
    whiten = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    colour = torch.linalg.inv(whiten)
    encode, decode = vae.quant_conv, vae.post_quant_conv
    weight, bias = encode.weight.data.double(), encode.bias.data.double()
    weight[:4, :, 0, 0] = whiten @ weight[:4, :, 0, 0]
    bias[:4] = whiten @ (bias[:4] - mean)
    # The posterior's spread is tiny everywhere; one constant says so for the turned channels.
    weight[4:] = 0
    bias[4:] = float(logvar) - float(values.log().mean())
    encode.weight.data.copy_(weight)
    encode.bias.data.copy_(bias)
    old = decode.weight.data.double()[:, :, 0, 0]
    decode.bias.data.copy_(decode.bias.data.double() + old @ mean)
    decode.weight.data.copy_((old @ colour)[:, :, None, None])
