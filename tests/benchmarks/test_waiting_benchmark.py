"""What a person waits for: a photo as start picture, Live, and the panel at the first picture."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError, ConfigError

MODELS = Path(__file__).resolve().parents[2] / "models"
PHOTO = (4000, 3000)  # pixels
MOST_TO_BEGIN, MOST_TO_CANCEL = 5.0, 2.0  # seconds
MOST_LIVE, MOST_PAUSE = 0.9, 0.5  # seconds
WAIT = 120
# In a fresh process: the first picture imports torch and diffusers beside the panel's thread.
LIVE = """
import json, sys, time
from medialab import PipelineConfig, Workbench
from widgets import Studio
bench = Workbench(sys.argv[1], sys.argv[2], device="cpu")
studio = Studio(bench)
studio.fill(PipelineConfig(prompt="a person", seed=7))
studio.generate()
pause, last = 0.0, time.perf_counter()
while studio.session.is_busy:
    time.sleep(0.005)
    now = time.perf_counter()
    pause, last = max(pause, now - last), now
config = studio.config().changed(hand={"enabled": True})
studio.session.submit(config)
studio.wait(120)
took = []
for strength in (0.4, 0.5, 0.45):
    began = time.perf_counter()
    hand = {"enabled": True, "denoising_strength": strength}
    studio.session.submit_live(config.changed(hand=hand))
    studio.wait(120)
    took.append(time.perf_counter() - began)
print(json.dumps({"pause": pause, "live": sorted(took)[1]}))
studio.close()
bench.close()
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Workbench(MODELS, tmp_path_factory.mktemp("outputs"), device="cpu") as opened:
        opened.execute(PipelineConfig(steps=1, seed=1), save=False)
        yield opened


@pytest.fixture(scope="module")
def photo(bench):
    pixels = np.random.default_rng(1).integers(
        0, 255, (PHOTO[1] // 16, PHOTO[0] // 16, 3), np.uint8
    )
    return bench.keep(Image.fromarray(pixels).resize(PHOTO))


@pytest.mark.parametrize("fit", ["model", "keep"])
def test_a_photo_begins_or_is_refused_and_is_cancelled(bench, photo, keep, gates, fit):
    began, steps = time.perf_counter(), []
    forget = bench.executor.listen(
        lambda event: steps.append(time.perf_counter() - began) if event.kind == "step" else None
    )
    config = PipelineConfig(mode="img2img", image=photo, seed=3, steps=150, fit=fit)
    try:
        job = bench.submit(config, save=False)
        while not steps:
            time.sleep(0.01)
        pressed = time.perf_counter()
        job.cancel()
        assert isinstance(job.error(WAIT), CancelledError)
        cancelled = time.perf_counter() - pressed
    except ConfigError:  # such a size is refused at once
        steps, cancelled = [time.perf_counter() - began], 0.0
    finally:
        forget()
    keep(
        f"a photo of {PHOTO[0]} × {PHOTO[1]}, fit {fit!r}: first step or refusal {steps[0]:.2f} s, "
        f"cancelled in {cancelled:.2f} s",
        first=steps[0],
        cancelled=cancelled,
    )
    if gates:
        assert steps[0] <= MOST_TO_BEGIN
        assert cancelled <= MOST_TO_CANCEL


def test_live_and_the_panels_longest_pause(keep, gates, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIVE, str(MODELS), str(tmp_path)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=4 * WAIT,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    keep(
        f"a hand's strength moved in Live: {figures['live']:.2f} s; the panel's longest pause "
        f"while the first picture is made: {figures['pause']:.2f} s",
        **figures,
    )
    if gates:
        assert figures["live"] <= MOST_LIVE
        assert figures["pause"] <= MOST_PAUSE
