"""Many mixed runs: cancels, errors and LoRAs leave memory and weights where they were.

`ENDURANCE_RUNS=2000 pytest -s tests/runs/test_endurance.py` for a night.
"""

import gc
import os
import random
import shutil
import threading
from contextlib import suppress

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError, NotFiniteError, OutOfMemoryError
from medialab.loading.upscalers import compact_network
from medialab.process.memory import free_memory

RUNS = int(os.environ.get("ENDURANCE_RUNS", "200"))
WARM_UP = 60  # runs until what is remembered (texts, merged LoRAs, previews) is all there
EVERY = 4  # runs between two looks at the memory
BOUND = 24  # MiB by which the later half may stand above the earlier; a lost UNet a run were 200
QUERY = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
PROMPTS = ("a red ball", "a [red:blue:0.5] hat", "a (blue:1.3) cat", "rain AND snow :0.5")


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("endurance") / "models"
    shutil.copytree(tiny_models, folder)
    for kind in ("loras", "upscalers"):
        (folder / kind).mkdir()
    torch.manual_seed(1)
    for name in ("ink", "gold"):
        key = f"lora_unet_{QUERY.replace('.', '_')}"
        weights = {
            f"{key}.lora_down.weight": torch.randn(4, 32),
            f"{key}.lora_up.weight": torch.randn(32, 4),
        }
        save_file(weights, folder / "loras" / f"{name}.safetensors")
    network = compact_network(features=8, layers=1, scale=2)
    tiny = {name: one.contiguous() for name, one in network.state_dict().items()}
    save_file(tiny, folder / "upscalers" / "tiny.safetensors")
    return folder


@pytest.fixture
def bench(models, tmp_path):
    with Workbench(models, tmp_path / "outputs", device="cpu") as workbench:
        # A result that is kept is no leak: within so little they take turns from the start.
        workbench.cache.memory_bytes = 2**20
        workbench.cache.disk_bytes = 2**24
        yield workbench


def drawn_config(draw, picture):
    """Any mode, any stages, any LoRAs, a few sizes."""
    centre = {"enabled": True, "detector": "centre", "guide_size": 64}
    loras = [{"name": name} for name in ("ink", "gold") if draw.random() < 0.3]
    settings = {
        "prompt": draw.choice(PROMPTS),
        "steps": draw.choice([2, 2, 3]),
        "seed": draw.randrange(10**6),
        "sampler": draw.choice(["DPM++ 2M", "Euler a", "Heun"]),
        "width": draw.choice([64, 64, 96]),
        "height": draw.choice([64, 72]),
        "loras": loras,
        "batch_size": draw.choice([1, 1, 1, 2]),
        "sharpen": draw.choice([0.0, 1.0]),
    }
    if draw.random() < 0.3:
        settings |= {"mode": "img2img", "image": picture}
    if draw.random() < 0.15:
        settings["refiner"] = {"enabled": True, "scale": 1.5}
    for name in ("face", "hand"):
        if draw.random() < 0.2:
            settings[name] = centre | {"loras": draw.choice([None, [], [{"name": "gold"}]])}
    if draw.random() < 0.3:
        settings["upscaler"] = {"enabled": True, "upscaler": draw.choice(["tiny", "lanczos"])}
    return PipelineConfig.parse(settings)


class InjectedError(RuntimeError):
    """An error that nobody expects."""


class Trouble:
    """What goes wrong in one run: a cancel at some step, or an error or NaN at some call."""

    def __init__(self, draw, bench, model):
        self.kind = draw.choice([None, None, "cancel", "error", "no room", "not finite"])
        self._at = draw.randrange(4)
        self._times = draw.choice([1, 2, 10**6])
        network = draw.choice([model.components["unet"], model.components["vae"].decoder])
        self._calls = self._steps = 0
        self._hook = network.register_forward_hook(self._on_call)
        self._stop = bench.executor.listen(self._on_event)
        self._submitted = threading.Event()

    def watch(self, job):
        self._job = job
        self._submitted.set()

    def _on_event(self, event):
        if event.kind == "step":
            self._submitted.wait()
            self._steps += 1
            if self.kind == "cancel" and self._steps > self._at:
                self._job.cancel()

    def _on_call(self, _module, _arguments, output):
        self._calls += 1
        if self.kind in {None, "cancel"} or not 0 <= self._calls - 1 - self._at < self._times:
            return output
        if self.kind == "error":
            raise InjectedError
        if self.kind == "no room":
            raise torch.OutOfMemoryError("out of memory")
        values = output[0] if isinstance(output, tuple) else output
        spoilt = values * float("nan")
        return (spoilt,) if isinstance(output, tuple) else spoilt

    def end(self):
        self._hook.remove()
        self._stop()


@pytest.fixture
def little_garbage():
    """What is there already, half a million objects, is not looked through at each collection.

    It stays so: to thaw it again cost every later test that closes a workbench a second.
    """
    gc.collect()
    gc.freeze()


def resident_mib():
    free_memory()
    return psutil.Process().memory_info().rss / 2**20


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.timeout(60 + 6 * RUNS)
def test_mixed_runs_leave_memory_and_weights_where_they_were(bench, little_garbage, checksum):
    draw = random.Random(4)
    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    weights = checksum(model)
    picture = bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))
    asked = PipelineConfig(prompt="a red ball", steps=3, width=64, height=64, seed=7)
    expected = bench.execute(asked).image.tobytes()
    ends, resident = dict.fromkeys(("done", "cancelled", "failed"), 0), []
    for number in range(RUNS):
        trouble = Trouble(draw, bench, model)
        job = bench.submit(drawn_config(draw, picture), save=draw.random() < 0.2)
        trouble.watch(job)
        with suppress(CancelledError, NotFiniteError, OutOfMemoryError, InjectedError):
            job.result(60)
        trouble.end()
        ends[job.state] += 1
        # Released when memory ran out, or loaded anew: the one that runs now.
        model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
        if number >= WARM_UP and number % EVERY == 0:
            resident.append(resident_mib())
    assert all(count > RUNS / 20 for count in ends.values()), ends
    assert checksum(model) == weights
    bench.cache.clear()
    assert bench.execute(asked).image.tobytes() == expected
    half = len(resident) // 2
    growth = float(np.median(resident[half:]) - np.median(resident[:half]))
    slope = float(np.polyfit(range(len(resident)), resident, 1)[0])
    print(  # noqa: T201 - figures for docs/performance.md
        f"\n{RUNS} runs, {ends}: resident {resident[0]:.0f} to {resident[-1]:.0f} MiB, "
        f"the later half {growth:+.1f} MiB, {slope * 1024 / EVERY:+.1f} KiB a run"
    )
    assert growth < BOUND
