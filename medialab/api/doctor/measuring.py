"""The part of the doctor that needs torch, in a process of its own: what torch sees, and its speed.

`python -m medialab.api.doctor.measuring MODELS` writes one JSON object a line as it goes on, so
that the lines before a fault are there whatever the fault does to the process.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from medialab.api.doctor.anonymous import anonymous
from medialab.process.installation import own_models_folder

SECONDS = 10.0  # of the whole benchmark; what would begin later is left out
_ROUNDS = 3
_WORTH_TRYING = 0.5  # times float32's speed
# A block of SD1.5's UNet in the shapes of a picture of 256 px: its first, with both prompts.
_CHANNELS, _LATENTS, _TIME, _TEXT, _TOKENS = 320, 32, 1280, 768, 77
_COPIED = 2**26  # bytes


def facts(models: Path | None) -> Iterator[dict[str, Any]]:
    """Yield facts about torch and this machine's speed, the most needed first.

    Args:
        models: The models folder; a picture is made if it has this program's own checkpoint. None
            for no picture.
    """
    import torch

    yield {"torch": torch.__version__}
    yield {"cuda": torch.version.cuda, "gpus": _gpus(), "mps": torch.backends.mps.is_available()}
    from medialab.process.threads import computing_with, default_threads, pick_device, preload

    preload()
    import diffusers

    yield {"diffusers": diffusers.__version__}
    device, began = pick_device(), time.perf_counter()
    yield {"device": device}
    precisions = ["float32", "bfloat16", "float16"]
    with computing_with(default_threads()):
        if device == "cpu":
            from medialab.process.trials import bfloat16_gain

            gain = bfloat16_gain()
            yield {"bfloat16_gain": gain}
            # Emulated, the block would take half a minute.
            precisions = precisions[: 1 if gain < _WORTH_TRYING else 2]
        yield {"copied": _copied(device)}
        for precision in precisions:
            if time.perf_counter() - began < SECONDS / 2:
                yield {f"block_{precision}": _block(device, precision)}
    if models is not None and time.perf_counter() - began < SECONDS / 2:
        yield from _picture(models)


def _gpus() -> list[dict[str, Any]]:
    import torch

    found = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(number)
            can = f"{card.major}.{card.minor}"
            one = {"name": card.name, "memory_bytes": card.total_memory, "capability": can}
            found.append(one)
    return found


def _fastest(work: Callable[[], object], device: str) -> float:
    """Return the seconds of the fastest round after a first one."""
    import torch

    taken = []
    for _ in range(_ROUNDS + 1):
        began = time.perf_counter()
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        elif device == "mps":
            torch.mps.synchronize()
        taken.append(time.perf_counter() - began)
        if sum(taken) > SECONDS / 5:
            break
    return min(taken[1:] or taken)


def _copied(device: str) -> float:
    """Return how many bytes a second are copied within the device's memory."""
    import torch

    source = torch.zeros(_COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return _COPIED / _fastest(lambda: target.copy_(source), device)


def _block(device: str, precision: str) -> float | None:
    """Return the seconds of a block of SD1.5's UNet; None where torch lacks an operation."""
    import torch
    from diffusers.models.unets.unet_2d_blocks import CrossAttnDownBlock2D

    dtype = getattr(torch, precision)
    block = CrossAttnDownBlock2D(
        _CHANNELS,
        _CHANNELS,
        _TIME,
        num_layers=1,
        cross_attention_dim=_TEXT,
        num_attention_heads=8,
        add_downsample=False,
    )
    block = block.to(device, dtype, memory_format=torch.channels_last).eval()
    told = {"device": device, "dtype": dtype}
    latents = torch.randn(2, _CHANNELS, _LATENTS, _LATENTS, **told)
    latents = latents.to(memory_format=torch.channels_last)
    moment, text = torch.randn(2, _TIME, **told), torch.randn(2, _TOKENS, _TEXT, **told)
    with torch.inference_mode():
        try:
            return _fastest(lambda: block(latents, moment, encoder_hidden_states=text), device)
        except RuntimeError:
            return None


def _picture(models: Path) -> Iterator[dict[str, Any]]:
    """Yield the seconds of a small picture by this program's own checkpoint, if it is there."""
    from medialab import PipelineConfig, Workbench
    from medialab.errors import MediaLabError

    asked = PipelineConfig(prompt="a red ball", steps=6, width=128, height=128, seed=7)
    try:
        with tempfile.TemporaryDirectory() as outputs, Workbench(models, outputs) as bench:
            began = time.perf_counter()
            bench.execute(asked, save=False)
            first = time.perf_counter()
            bench.execute(asked.changed(seed=8), save=False)
            yield {"first_picture": first - began, "picture": time.perf_counter() - first}
    except MediaLabError as error:
        # The message may list this person's models, and name their folder.
        own = {*error.choices, models.name} - {asked.checkpoint, own_models_folder().name}
        yield {"picture_refused": anonymous(str(error), own)}


def main(models: str = "") -> None:
    """Write all facts, a line each; without a models folder, none about a picture."""
    for fact in facts(Path(models) if models else None):
        sys.stdout.write(json.dumps(fact) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
