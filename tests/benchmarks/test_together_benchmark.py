"""How much faster pictures are that are denoised at once, and how far from those of one by one.

Seconds are printed and kept; on a CPU, whose cores one picture keeps busy, nothing is promised.
"""

import time
from pathlib import Path
from statistics import median

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.runs.cache import StageCache
from tests.benchmarks.levels import grey_levels

ROOT = Path(__file__).resolve().parents[2]
PICTURES = 8
COUNTS = (1, 2, 4, 8)
ROUNDS, QUICK_ROUNDS = 3, 1
STEPS, QUICK_STEPS = 20, 2
MOST_APART = 3  # levels of grey, of 255, where a trained model draws
FROM = {
    "one prompt": {},
    "several prompts": {"prompt": "a smiling person with {red|brown|black} hair, blue shirt"},
    "a picture": {"mode": "img2img", "img2img": {"denoising_strength": 0.6}},
}


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("drawn_from", FROM)
def test_pictures_at_once_are_as_one_by_one_and_their_speed_is_told(
    tmp_path, keep, gates, drawn_from
):
    config = PipelineConfig(
        prompt="a smiling person with red hair, blue shirt",
        seed=7,
        steps=STEPS if gates else QUICK_STEPS,
        width=128,
        height=128,
        batch_size=PICTURES,
    )
    images, seconds = {}, {count: [] for count in COUNTS}
    with Workbench(ROOT / "models", tmp_path / "outputs", device="cpu") as bench:
        bench._maker.cache = StageCache(None, memory_bytes=0)
        shown = bench.keep(Image.radial_gradient("L").convert("RGB").resize((128, 128)))
        own = FROM[drawn_from]
        config = config.changed(**own, **({"image": shown} if "mode" in own else {}))
        bench.execute(config.changed(steps=1, batch_size=1), save=False)
        for _ in range(ROUNDS if gates else QUICK_ROUNDS):
            for count in COUNTS:
                start = time.perf_counter()
                run = bench.execute(config.changed(draw_together=count), save=False)
                seconds[count].append(time.perf_counter() - start)
                images[count] = run.images
    alone = median(seconds[1])
    for count in COUNTS[1:]:
        pairs = zip(images[count], images[1], strict=True)
        apart = max((grey_levels(*pair) for pair in pairs), key=lambda one: one.worst)
        ratio = alone / median(seconds[count])
        keep(
            f"paperdoll, {config.steps} steps of 128 px from {drawn_from}: {count} at once are "
            f"{ratio:.2f} times as fast as one by one ({1000 * alone / PICTURES:.0f} ms each); "
            f"levels apart: {apart}",
            ratio=round(ratio, 3),
            worst=apart.worst,
        )
        assert apart.worst <= MOST_APART
