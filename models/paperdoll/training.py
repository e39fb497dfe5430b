"""The loop that all paperdoll recipes share: schedule, averaged weights, log, samples, resume.

The state is saved in `.training/paperdoll/<model>/`, with a log (`log.csv`: step, loss, smoothed
loss, seconds per step) and sample pictures. Training may be stopped at any time (Ctrl-C or SIGTERM
saves first) and resumes from there.
"""

import csv
import math
import os
import random as stdlib_random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads starve others

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from models.paperdoll import family

SAVE_EVERY_SECONDS = 100
LOG_EVERY = 20  # steps
WARM_UP_STEPS = 200
Loss = Callable[[stdlib_random.Random], torch.Tensor]

COOL_DOWN = 0.25  # the last part of the steps, in which the learning rate falls to zero
EMA_DECAY = 0.999
# The optimizer's moving averages, by their names in the state's file.
_MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}


def to_tensor(images: list[Image.Image]) -> torch.Tensor:
    """Return RGB pictures of one size as (n, 3, h, w) in [-1, 1], channels last in memory."""
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in images]))
    return (
        pixels.permute(0, 3, 1, 2)
        .float()
        .div(127.5)
        .sub(1)
        .contiguous(memory_format=torch.channels_last)
    )


def to_images(pixels: torch.Tensor) -> list[Image.Image]:
    """Return pixels (n, 3, h, w) in [-1, 1] as RGB pictures."""
    levels = pixels.detach().float().clamp(-1, 1).add(1).mul(127.5).round().byte()
    return [Image.fromarray(image.permute(1, 2, 0).cpu().numpy()) for image in levels]


def contact_sheet(images: list[Image.Image], columns: int) -> Image.Image:
    """Lay out pictures of one size in rows, with a thin line between them."""
    width, height = images[0].size
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * (width + 2), rows * (height + 2)), "white")
    for number, image in enumerate(images):
        sheet.paste(image, (number % columns * (width + 2), number // columns * (height + 2)))
    return sheet


class Trainer:
    """The loop all recipes share: schedule, exponential average of the weights, log, resume.

    `loss(random)` computes one step's loss; `sample(path, step)` makes pictures with the averaged
    weights. The state is written to a new file and renamed, so an interruption loses nothing.
    `optimizer(modules, **settings)` makes the optimizer; AdamW if not given.
    """

    def __init__(
        self,
        name: str,
        modules: dict[str, nn.Module],
        device: torch.device,
        rate: float,
        optimizer: Callable[..., torch.optim.Optimizer] | None = None,
    ) -> None:
        self.folder = family.TRAINING / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.modules = nn.ModuleDict(modules).to(device)
        self.device = device
        self.rate = rate
        settings = {"lr": rate, "weight_decay": 0.01, "betas": (0.9, 0.99)}
        self.optimizer = (optimizer or _adam)(self.modules, **settings)
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
        try:
            self.modules.load_state_dict(part(state, "model/"))
        except RuntimeError as error:
            message = f"{path} is of another size; give its --size, or move it away"
            raise SystemExit(message) from error
        self.average = part(state, "average/")
        for index, parameter in enumerate(self.modules.parameters()):
            moments = {
                name: state[f"{order}/{index}"]
                for order, name in _MOMENTS.items()
                if f"{order}/{index}" in state
            }
            if moments:
                self.optimizer.state[parameter] = {
                    "step": torch.tensor(float(self.step)),
                    **moments,
                }
        print(f"going on from step {self.step}", flush=True)

    def start_from(self, folders: dict[str, Path]) -> None:
        """Load shipped weights, module by module, unless there is a state to resume from."""
        if self.step > 0:
            return
        for name, folder in folders.items():
            (weights,) = folder.glob("*.safetensors")
            self.modules[name].load_state_dict(load_file(weights, device=str(self.device)))
        self.restart_average()
        print("starting from the shipped weights", flush=True)

    def restart_average(self) -> None:
        """Let the averaged weights be the present ones, after a recipe has set those."""
        self.average = {key: value.clone() for key, value in self.modules.state_dict().items()}

    def save(self) -> None:
        """Write the state; the old file stays until the new one is complete."""
        state = {"step": torch.tensor(self.step)}
        state |= {
            f"model/{key}": value.contiguous() for key, value in self.modules.state_dict().items()
        }
        state |= {f"average/{key}": value.contiguous() for key, value in self.average.items()}
        for index, parameter in enumerate(self.modules.parameters()):
            moments = self.optimizer.state[parameter]  # none before its first gradient
            state |= {
                f"{order}/{index}": moments[name].contiguous()
                for order, name in _MOMENTS.items()
                if name in moments
            }
        partial = self.folder / "state.partial"
        save_file(state, partial)
        partial.rename(self.folder / "state.safetensors")

    def averaged(self, name: str) -> dict[str, torch.Tensor]:
        """Return the averaged weights of one module."""
        return part(self.average, f"{name}.")

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
    ) -> bool:
        """Train up to `steps` steps in all; return False if stopped before.

        With no more steps than were made already nothing is trained or written.
        """
        if self.step >= steps:
            return True
        saved = started = time.monotonic()
        first, smooth = self.step, None
        with _stop_on_signal(self), (self.folder / "log.csv").open("a", newline="") as log:
            writer = csv.writer(log)
            while self.step < steps and not self.stopped:
                number = self._make_step(loss, self._learning_rate(steps))
                smooth = number if smooth is None else 0.98 * smooth + 0.02 * number
                pace = (time.monotonic() - started) / (self.step - first)
                if self.step % LOG_EVERY == 0 or self.step == steps:
                    writer.writerow([self.step, f"{number:.5f}", f"{smooth:.5f}", f"{pace:.3f}"])
                    log.flush()
                if self.step % sample_every == 0 or self.step == steps:
                    sample(self.folder / f"sample-{self.step:06d}.png", self.step)
                    print(f"step {self.step} loss {smooth:.4f} {pace:.2f} s/step", flush=True)
                if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()
        if self.step < steps:
            print(f"stopped at step {self.step}; the same command goes on from there", flush=True)
        return self.step >= steps

    def _make_step(
        self, loss: Callable[[stdlib_random.Random], torch.Tensor], rate: float
    ) -> float:
        """Make one step; its random choices depend on its number alone."""
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


def _adam(modules: nn.Module, **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(modules.parameters(), **settings)


def part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the entries of a state dict below `prefix`, without the prefix."""
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
