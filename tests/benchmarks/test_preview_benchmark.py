"""What previews cost a run that is watched: at most 5 % of the time of its steps."""

import time
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from medialab.diffusion.previews import MOST_SHARE

ROOT = Path(__file__).resolve().parents[2]
SIZES = ((128, 40), (256, 20))  # pixels a side, steps
ROUNDS, QUICK_ROUNDS = 5, 1


@pytest.mark.parametrize(("side", "steps"), SIZES)
def test_previews_take_a_small_share_of_the_steps(tmp_path, keep, gates, side, steps):
    config = PipelineConfig(prompt="a red car", seed=7, steps=steps, width=side, height=side)
    drawing, seconds, previews = [], [], []

    def watch(event):
        if event.kind == "step":
            before = time.thread_time()
            previews.append(event.preview is not None)
            drawing.append(time.thread_time() - before)

    with Workbench(ROOT / "models", tmp_path / "outputs", device="cpu") as bench:
        bench.executor.listen(watch)
        bench.execute(config.changed(seed=1), save=False)  # fits the map, once for the VAE
        drawing.clear(), previews.clear()
        for number in range(ROUNDS if gates else QUICK_ROUNDS):
            run = bench.execute(config.changed(seed=2 + number), save=False)
            seconds += [one["seconds"] for one in run.record["stages"] if one["name"] == "txt2img"]
    share = sum(drawing) / sum(seconds)
    keep(
        f"{side} px, {steps} steps: {sum(previews)} previews of {len(previews)} steps take "
        f"{1000 * sum(drawing) / max(1, sum(previews)):.1f} ms each, {100 * share:.2f} % of the "
        "time of the steps",
        share=round(share, 4),
    )
    assert any(previews)
    assert share <= MOST_SHARE or not gates
