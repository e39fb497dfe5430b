"""Train the paperdoll models: `python -m models.paperdoll.train vae|unet --steps N`.

The same command runs on a CPU or a GPU and goes on where it stopped: state is kept in
`.training/paperdoll/<model>/`, with a log (`log.csv`) and pictures of samples. It may be ended
at any moment (Ctrl-C or SIGTERM saves first).
"""

import argparse
import csv
import math
import os
import random as stdlib_random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads starve others

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from models.paperdoll import family, world
from models.paperdoll.draw import draw

SAVE_EVERY_SECONDS = 300
WARM_UP_STEPS = 200
Loss = Callable[[stdlib_random.Random], torch.Tensor]

COOL_DOWN = 0.25  # the last part of the steps, in which the learning rate falls to zero
EMA_DECAY = 0.999


def to_tensor(images: list[Image.Image]) -> torch.Tensor:
    """RGB pictures of one size as (n, 3, h, w) in [-1, 1], channels last."""
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in images]))
    return (
        pixels.permute(0, 3, 1, 2)
        .float()
        .div(127.5)
        .sub(1)
        .contiguous(memory_format=torch.channels_last)
    )


def to_images(pixels: torch.Tensor) -> list[Image.Image]:
    """(n, 3, h, w) in [-1, 1] as RGB pictures."""
    levels = pixels.detach().float().clamp(-1, 1).add(1).mul(127.5).round().byte()
    return [Image.fromarray(image.permute(1, 2, 0).cpu().numpy()) for image in levels]


def contact_sheet(images: list[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows, with a thin line between them."""
    width, height = images[0].size
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * (width + 2), rows * (height + 2)), "white")
    for number, image in enumerate(images):
        sheet.paste(image, (number % columns * (width + 2), number // columns * (height + 2)))
    return sheet


class Trainer:
    """The loop all recipes share: schedule, exponential average of the weights, log, resume.

    `loss(random)` computes one step's loss; `sample(path, step)` draws pictures from the averaged
    weights. State on disk is written to a new file and renamed: an end in the middle loses nothing.
    """

    def __init__(
        self, name: str, modules: dict[str, nn.Module], device: torch.device, rate: float
    ) -> None:
        self.folder = family.TRAINING / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.modules = nn.ModuleDict(modules).to(device)
        self.device = device
        self.rate = rate
        self.optimizer = torch.optim.AdamW(
            self.modules.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.99)
        )
        self.average = {
            key: value.detach().clone().float() for key, value in self.modules.state_dict().items()
        }
        self.step = 0
        self.stopped = False
        self._resume()

    def _resume(self) -> None:
        path = self.folder / "state.safetensors"
        if not path.exists():
            return
        state = load_file(path, device=str(self.device))
        self.step = int(state.pop("step"))
        self.modules.load_state_dict(_part(state, "model/"))
        self.average = _part(state, "average/")
        for index, parameter in enumerate(self.modules.parameters()):
            self.optimizer.state[parameter] = {
                "step": torch.tensor(float(self.step)),
                "exp_avg": state[f"first/{index}"],
                "exp_avg_sq": state[f"second/{index}"],
            }
        print(f"going on from step {self.step}", flush=True)

    def save(self) -> None:
        """Write the state; the old one stays until the new one is whole."""
        state = {"step": torch.tensor(self.step)}
        state |= {
            f"model/{key}": value.contiguous() for key, value in self.modules.state_dict().items()
        }
        state |= {f"average/{key}": value.contiguous() for key, value in self.average.items()}
        for index, parameter in enumerate(self.modules.parameters()):
            moments = self.optimizer.state[parameter]
            state[f"first/{index}"] = moments["exp_avg"].contiguous()
            state[f"second/{index}"] = moments["exp_avg_sq"].contiguous()
        partial = self.folder / "state.partial"
        save_file(state, partial)
        partial.rename(self.folder / "state.safetensors")

    def averaged(self, name: str) -> dict[str, torch.Tensor]:
        """The averaged weights of one module."""
        return _part(self.average, f"{name}.")

    def _learning_rate(self, steps: int) -> float:
        warm = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        cool = min(1.0, (steps - self.step) / max(1, COOL_DOWN * steps))
        return self.rate * warm * cool

    def run(
        self,
        steps: int,
        loss: Loss,
        sample: Callable[[Path, int], None],
        *,
        sample_every: int,
    ) -> None:
        """Train until `steps` in all have been made."""
        saved = started = time.monotonic()
        first, smooth = self.step, None
        with _stop_on_signal(self), (self.folder / "log.csv").open("a", newline="") as log:
            writer = csv.writer(log)
            while self.step < steps and not self.stopped:
                number = self._make_step(loss, self._learning_rate(steps))
                smooth = number if smooth is None else 0.98 * smooth + 0.02 * number
                pace = (time.monotonic() - started) / (self.step - first)
                if self.step % 20 == 0:
                    writer.writerow([self.step, f"{number:.5f}", f"{smooth:.5f}", f"{pace:.3f}"])
                    log.flush()
                if self.step % sample_every == 0 or self.step == steps:
                    sample(self.folder / f"sample-{self.step:06d}.png", self.step)
                    print(f"step {self.step} loss {smooth:.4f} {pace:.2f} s/step", flush=True)
                if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()

    def _make_step(
        self, loss: Callable[[stdlib_random.Random], torch.Tensor], rate: float
    ) -> float:
        """One step; its random draws depend on its number alone, so that a resumed run repeats."""
        random = stdlib_random.Random(f"{self.folder.name} {self.step}")
        torch.manual_seed(random.getrandbits(40))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        value = loss(random)
        value.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._update_average()
        self.step += 1
        return float(value.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        state = self.modules.state_dict()
        for key, value in self.average.items():
            value.lerp_(state[key].float(), 1 - decay)


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)
    }


@contextmanager
def _stop_on_signal(trainer: Trainer) -> Iterator[None]:
    def stop(*_: object) -> None:
        trainer.stopped = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- the VAE ---------------------------------------------------------------------------------


def train_vae(size: family.Size, steps: int, device: torch.device) -> None:
    """Reconstruction by L1 on pixels and on their differences, and a breath of KL.

    Crops of 64 px keep a step short; the last quarter sees whole pictures, because group norms
    measure the whole field of view. At first three latent channels are held near the mean colour
    of their 8x8 block, and the posterior starts narrow: left alone, colour comes last (after 1,000
    steps every person wore the same dark blue).
    """
    vae = family.make_vae(size).to(memory_format=torch.channels_last)
    nn.init.zeros_(vae.quant_conv.weight[4:])
    nn.init.constant_(vae.quant_conv.bias[4:], -6.0)
    trainer = Trainer("vae", {"vae": vae}, device, rate=1.5e-3)
    crop, crops = 64, 5 if device.type == "cpu" else 64

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        whole = trainer.step > steps * (1 - COOL_DOWN)
        count = max(1, crops * crop * crop // family.NATIVE_SIZE**2) if whole else crops
        images = []
        for _ in range(count):
            image = draw(
                world.draw_split(random, held_out=False), family.NATIVE_SIZE, masks=False
            ).image
            if not whole:
                x, y = (
                    random.randint(0, family.NATIVE_SIZE - crop),
                    random.randint(0, family.NATIVE_SIZE - crop),
                )
                image = image.crop((x, y, x + crop, y + crop))
            images.append(image)
        wanted = to_tensor(images).to(device)
        posterior = vae.encode(wanted).latent_dist
        got = vae.decode(posterior.sample()).sample
        difference = got - wanted
        edges = (difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()) / 2
        kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
        colours = (posterior.mean[:, :3] - F.avg_pool2d(wanted, 8)).abs().mean()
        held = max(0.0, 1 - trainer.step / 1500)
        return difference.abs().mean() + 0.5 * edges + 1e-5 * kl + held * colours

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

    trainer.run(steps, loss, sample, sample_every=500)
    finished = family.make_vae(size).to(device)
    finished.load_state_dict(trainer.averaged("vae"))
    whiten_latents(finished)
    finished.save_pretrained(family.TRAINING / "vae" / "finished")


@torch.no_grad()
def whiten_latents(vae: AutoencoderKL) -> None:
    """Turn and scale the latents to zero mean and unit covariance.

    It is done inside the VAE's own 1x1 convolutions: the pictures stay the same, and the diffusion
    model meets four channels of equal weight.
    """
    random = stdlib_random.Random(11)
    images = [
        draw(world.draw_scene(random), family.NATIVE_SIZE, masks=False).image for _ in range(256)
    ]
    parts = [
        vae.encode(to_tensor(images[i : i + 16]).to(vae.device)).latent_dist
        for i in range(0, 256, 16)
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


# --- the text encoder and the UNet -----------------------------------------------------------


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


def train_unet(size: family.Size, steps: int, device: torch.device) -> None:
    """Text encoder and UNet together, by velocity prediction on cached latents.

    A tenth of the captions is dropped, for classifier-free guidance. Source: Salimans and Ho,
    "Progressive Distillation for Fast Sampling of Diffusion Models", appendix D; losses weighted as
    in Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", gamma 5.
    """
    vae = AutoencoderKL.from_pretrained(
        family.TRAINING / "vae" / "finished", use_safetensors=True
    ).to(device)
    vae = vae.eval().to(memory_format=torch.channels_last)
    tokenizer = family.make_tokenizer(family.TRAINING / "tokenizer")
    text_encoder = family.make_text_encoder(size, tokenizer)
    unet = family.make_unet(size).to(memory_format=torch.channels_last)
    scheduler = family.make_scheduler()
    trainer = Trainer("unet", {"text_encoder": text_encoder, "unet": unet}, device, rate=6e-4)
    pool = LatentPool(vae, 6_000 if device.type == "cpu" else 100_000, device)
    alphas = scheduler.alphas_cumprod.to(device)

    def tokens(captions: list[str]) -> torch.Tensor:
        return tokenizer(
            captions, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids.to(device)

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        while pool.filled < min(60 * size.batch, len(pool.scenes)):
            pool.renew(50, random)
        pool.renew(max(4, size.batch // 8), random)
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

    trainer.run(steps, loss, sample, sample_every=500)
    encoder, denoiser = finished()
    family.save_checkpoint(family.CHECKPOINT, vae, encoder, tokenizer, denoiser)
    print(f"written: {family.CHECKPOINT.relative_to(family.REPOSITORY)}")


RECIPES = {"vae": train_vae, "unet": train_unet}


def main(arguments: list[str] | None = None) -> None:
    """Train the model named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=RECIPES)
    parser.add_argument("--size", choices=family.SIZES, default="tiny")
    parser.add_argument(
        "--steps", type=int, required=True, help="steps in all, those already made included"
    )
    parser.add_argument("--batch", type=int, help="pictures a step; the size's own if not given")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--threads", type=int, default=1, help="CPU threads; one each is fastest on a busy machine"
    )
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    size = family.SIZES[given.size]
    if given.batch:
        size = replace(size, batch=given.batch)
    RECIPES[given.model](size, given.steps, torch.device(given.device))


if __name__ == "__main__":
    main()
