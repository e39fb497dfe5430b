"""The recipe of paperdoll-flow's VAE: the base's VAE, widened from 4 to 16 latent channels."""

import math
import random as stdlib_random
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from models.paperdoll import family, flow_parts, world
from models.paperdoll.draw import draw
from models.paperdoll.training import COOL_DOWN, Trainer, contact_sheet, to_images, to_tensor
from models.paperdoll.vae import training_picture

CHANNELS = flow_parts.CHANNELS
# Channels that the base's VAE has already; the others hold what those leave out.
COARSE = 4
_DETAILS_SPREAD = 0.3  # of the finished latents; that of the coarse channels is 1
_NOISE = 0.1  # added to latents before they are decoded, since no denoiser is exact
_WITHOUT_DETAILS = 0.25  # share of the pictures that are decoded from the coarse channels alone
_MEASURED = 256  # pictures from which the latents' spread is measured


def train_flow_vae(
    size: family.Size, steps: int, device: torch.device, *, warm: bool = False
) -> None:
    """Train by L1 on pixels and on their differences, from the base's VAE on.

    The new channels learn what the four old ones leave out. Some pictures are decoded without them,
    so that the old ones go on holding as much as before: a denoiser learns those first.
    """
    vae = flow_parts.make_vae(size).to(memory_format=torch.channels_last)
    trainer = Trainer("flow-vae", {"vae": vae}, device, rate=1e-3)
    if warm:
        trainer.start_from({"vae": flow_parts.checkpoint() / "vae"})
    elif trainer.step == 0:
        widen(family.find_vae(), vae)
        trainer.restart_average()
    crop, crops = 64, 8 if device.type == "cpu" else 64

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        whole = trainer.step > steps * (1 - COOL_DOWN)
        count = max(1, crops * crop * crop // family.NATIVE_SIZE**2) if whole else crops
        drawn = [training_picture(random, None if whole else crop) for _ in range(count)]
        wanted = to_tensor([image for image, _ in drawn]).to(device)
        weights = torch.stack([weight for _, weight in drawn]).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            latents = vae.encode(wanted).latent_dist.mean.float()
            shown = latents + _NOISE * torch.randn_like(latents)
            kept = (torch.rand(count, 1, 1, 1, device=device) > _WITHOUT_DETAILS).float()
            shown = torch.cat([shown[:, :COARSE], kept * shown[:, COARSE:]], 1)
            difference = vae.decode(shown).sample.float() - wanted
        edges = (
            (weights[..., 1:] * difference.diff(dim=-1).abs()).mean()
            + (weights[..., 1:, :] * difference.diff(dim=-2).abs()).mean()
        ) / 2
        small = 1e-3 * latents.square().mean()
        # Convolutions pad with zeros, so that a mean other than zero would not stay one.
        centred = 0.1 * latents.mean((0, 2, 3)).square().mean()
        return (weights * difference.abs()).mean() + 0.5 * edges + small + centred

    @torch.no_grad()
    def sample(path: Path, step: int) -> None:
        averaged = flow_parts.make_vae(size).to(device)
        averaged.load_state_dict(trainer.averaged("vae"))
        random = stdlib_random.Random(5)
        images = [
            draw(world.draw_split(random, held_out=True), family.NATIVE_SIZE, masks=False).image
            for _ in range(16)
        ]
        wanted = to_tensor(images).to(device)
        latents = averaged.encode(wanted).latent_dist.mode()
        coarse = F.pad(latents[:, :COARSE], (0, 0, 0, 0, 0, latents.shape[1] - COARSE))
        got, without = (averaged.decode(one).sample.clamp(-1, 1) for one in (latents, coarse))
        psnr = [-10 * math.log10(float(((y - wanted) / 2).pow(2).mean())) for y in (got, without)]
        print(
            f"step {step}: PSNR on held-out renders {psnr[0]:.2f} dB, "
            f"{psnr[1]:.2f} dB without details; spread of the channels "
            + " ".join(f"{spread:.2f}" for spread in latents.std((0, 2, 3))),
            flush=True,
        )
        rows = zip(images, to_images(got), to_images(without), strict=True)
        contact_sheet([image for row in rows for image in row], 12).save(path)

    if not trainer.run(steps, loss, sample, sample_every=250):
        return
    finished = flow_parts.make_vae(size).to(device)
    finished.load_state_dict(trainer.averaged("vae"))
    scale_latents(finished)
    finished.save_pretrained(family.TRAINING / "flow-vae" / "finished")


@torch.no_grad()
def widen(narrow: AutoencoderKL, wide: AutoencoderKL) -> None:
    """Copy a VAE's weights into one with more latent channels and no 1x1 convolutions.

    The first channels mean the same as before, apart from the pictures' margins, where the
    decoder's padding differs. The new ones begin with what a random convolution reads, and hardly
    change the pictures.

    Raises:
        SystemExit: the VAEs are of different sizes.
    """
    if list(narrow.config.block_out_channels) != list(wide.config.block_out_channels):
        message = "the base's VAE is of another size; train `vae` with the same --size first"
        raise SystemExit(message)
    old, new = narrow.state_dict(), wide.state_dict()
    for name, value in old.items():
        if name in new and new[name].shape == value.shape:
            new[name].copy_(value)
    outgoing, turn = old["encoder.conv_out.weight"], old["quant_conv.weight"][:COARSE, :, 0, 0]
    weight, bias = new["encoder.conv_out.weight"], new["encoder.conv_out.bias"]
    weight[CHANNELS:] = 0  # the posterior's spread is a constant
    bias[CHANNELS:] = 2 * math.log(_NOISE)
    weight[:COARSE] = torch.einsum("ok,kihw->oihw", turn, outgoing)
    bias[:COARSE] = turn @ old["encoder.conv_out.bias"] + old["quant_conv.bias"][:COARSE]
    bias[COARSE:CHANNELS] = 0
    incoming, back = old["decoder.conv_in.weight"], old["post_quant_conv.weight"][:, :, 0, 0]
    new["decoder.conv_in.weight"][:, :COARSE] = torch.einsum("okhw,ki->oihw", incoming, back)
    new["decoder.conv_in.weight"][:, COARSE:] *= 0.1
    moved = torch.einsum("okhw,k->o", incoming, old["post_quant_conv.bias"])
    new["decoder.conv_in.bias"].copy_(old["decoder.conv_in.bias"] + moved)


@torch.no_grad()
def scale_latents(vae: AutoencoderKL) -> None:
    """Scale the coarse latents to a spread of 1 each, the details together to a smaller one.

    The change is made in the convolutions around the latents: decoded pictures stay the same. A
    flow that ends in details of a small spread draws them last, when the coarse ones stand.
    """
    random = stdlib_random.Random(11)
    images = [
        draw(world.draw_scene(random), family.NATIVE_SIZE, masks=False).image
        for _ in range(_MEASURED)
    ]
    latents = torch.cat(
        [
            vae.encode(to_tensor(images[i : i + 16]).to(vae.device)).latent_dist.mean
            for i in range(0, _MEASURED, 16)
        ]
    )
    spread = latents.std((0, 2, 3))
    details = latents[:, COARSE:].square().mean().sqrt() / _DETAILS_SPREAD
    spread[COARSE:] = details
    outgoing, incoming = vae.encoder.conv_out, vae.decoder.conv_in
    outgoing.weight[:CHANNELS] /= spread[:, None, None, None]
    outgoing.bias[:CHANNELS] /= spread
    outgoing.bias[CHANNELS:] -= 2 * spread.log()
    incoming.weight.mul_(spread[None, :, None, None])
