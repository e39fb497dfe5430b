"""What a batch costs besides its pictures: planning, opening, each item; and what it saves.

Budgets in seconds and megabytes, and ratios within one run; they are printed and kept, and decide
in `make benchmark` alone.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from medialab import PipelineConfig, Workbench
from medialab.runs.cache import StageCache

ROOT = Path(__file__).resolve().parents[2]
MOST_PLAN, MOST_PLAN_MB, MOST_OPEN, MOST_ITEM_MS = 10.0, 500, 1.0, 10.0
LEAST_LOOP, LEAST_LATE = 1.0, 3.0
PICTURES, QUICK_PICTURES = 64, 4
ROUNDS, QUICK_ROUNDS = 9, 3
BASE = PipelineConfig(prompt="a red car in a meadow", seed=7, steps=8, width=128, height=128)
TINY = BASE.changed(steps=1, width=64, height=64)
# Plans 100,000 cells in a process of its own, and says seconds and megabytes.
PLANNER = """
import json, sys, time
from pathlib import Path
from medialab import PipelineConfig, Workbench

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))

base = PipelineConfig(prompt="a red car", seed=7, face={"enabled": True}, refiner={"enabled": True})
axes = json.loads(sys.argv[3])
with Workbench(sys.argv[1], sys.argv[2], device="cpu") as bench:
    bench.models()
    before, start = peak(), time.perf_counter()
    plan = bench.sweep(base, axes, name="large").plan
    seconds = time.perf_counter() - start
    print(json.dumps([plan.rows, seconds, peak() - before, peak()]))
"""
SWEEPS = {
    "seeds, guidance and a strength": {
        "seed": "1-1000",
        "guidance_scale": "1-10 [10]",
        "face.denoising_strength": "0.1-0.9 [10]",
    },
    "steps and sizes": {
        "steps": "1-100",
        "width": [64 + 8 * step for step in range(100)],
        "height": [64 + 8 * step for step in range(10)],
    },
    "prompts and seeds": {
        "prompt": [f"a red car, number {at}" for at in range(5000)],
        "seed": "1-20",
    },
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", SWEEPS)
def test_a_hundred_thousand_cells_are_planned_in_seconds(tiny_models, tmp_path, keep, gates, kind):
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell the peak of memory")
    done = subprocess.run(
        [sys.executable, "-c", PLANNER, str(tiny_models), str(tmp_path), json.dumps(SWEEPS[kind])],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    rows, seconds, grown, megabytes = json.loads(done.stdout)
    keep(
        f"{rows:,} cells ({kind}) are planned in {seconds:.2f} s, with {grown:.0f} MB more than "
        f"before, {megabytes:.0f} MB in all",
        seconds=round(seconds, 3),
        megabytes=round(megabytes),
    )
    assert rows == 100_000
    assert not gates or (seconds <= MOST_PLAN and megabytes <= MOST_PLAN_MB)


@pytest.mark.thorough
def test_a_finished_batch_of_ten_thousand_rows_opens_in_a_second(
    tiny_models, tmp_path, keep, gates
):
    with Workbench(tiny_models, tmp_path / "outputs", device="cpu") as bench:
        axes = {"seed": "1-1000", "guidance_scale": "1-10 [10]"}
        batch = bench.sweep(BASE, axes, name="large", metrics=["sharpness"])
        made = tmp_path / "outputs" / "made"
        made.mkdir()
        with batch.measured.file.open("a") as file, batch.journal.file.open("w") as lines:
            for row in range(len(batch)):
                (made / f"{row}.png").touch()
                facts = {"path": f"made/{row}.png", "sha256": f"{row:064x}", "version": "0.1.0"}
                spent = {"prompt": 0.0, "txt2img": 1.5, "finish": 0.01}
                done = {
                    "row": row,
                    "state": "done",
                    **facts,
                    "seconds": spent,
                    "cached": ["prompt"],
                }
                lines.write(json.dumps({"row": row, "state": "started", "at": "2026-11-29"}) + "\n")
                lines.write(json.dumps(done) + "\n")
                value = {"sha256": facts["sha256"], "values": {"sharpness": row / 7}}
                file.write(json.dumps(value) + "\n")
        seconds = []
        for _ in range(ROUNDS if gates else QUICK_ROUNDS):
            start = time.perf_counter()
            opened = bench.batch("large")
            table, plan = opened.table, opened.plan
            seconds.append(time.perf_counter() - start)
    assert (len(table), plan.left) == (10_000, 0)
    assert table["sharpness"].notna().all()
    keep(
        f"a finished batch of {len(table):,} rows is opened, with its table and its plan, in "
        f"{median(seconds):.2f} s",
        seconds=round(median(seconds), 3),
    )
    assert not gates or median(seconds) <= MOST_OPEN


def _saved(outputs):
    return sorted(path.read_bytes() for path in outputs.glob("2*/*.png"))


@pytest.mark.thorough
def test_an_item_costs_hardly_more_than_the_bare_call(tiny_models, tmp_path, keep, gates):
    """Both save the same pictures; what a batch adds is its journal and its table."""
    count = PICTURES if gates else QUICK_PICTURES
    alone, together = [], []
    with Workbench(tiny_models, tmp_path / "warm", device="cpu") as warm:
        warm.execute(TINY)
        for number in range(ROUNDS if gates else QUICK_ROUNDS):
            folders = [tmp_path / f"{way} {number}" for way in ("bare", "batch")]
            for folder in folders if number % 2 else reversed(folders):
                with Workbench(outputs=folder, registry=warm.registry) as bench:
                    bench.execute(TINY.changed(seed=0))
                    start = time.perf_counter()
                    if folder == folders[0]:
                        for seed in range(1, count + 1):
                            bench.execute(TINY.changed(seed=seed))
                        alone.append(time.perf_counter() - start)
                    else:
                        bench.sweep(TINY, {"seed": f"1-{count}"}, name="items").run()
                        together.append(time.perf_counter() - start)
            assert _saved(folders[0]) == _saved(folders[1])
    more = 1000 * (median(together) - median(alone)) / count
    keep(
        f"an item of a batch costs {more:.1f} ms more than the bare call, which takes "
        f"{1000 * median(alone) / count:.0f} ms",
        milliseconds=round(more, 2),
    )
    assert not gates or more <= MOST_ITEM_MS


@pytest.mark.thorough
@pytest.mark.slow
def test_a_batch_is_no_slower_than_a_plain_loop_of_diffusers(tmp_path, keep, gates):
    """The loop loads once, too, and saves as PNG; it has no journal, no sidecar and no infotext."""
    import torch
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    count = PICTURES if gates else QUICK_PICTURES

    def loop():
        folder = tmp_path / "loop"
        folder.mkdir(exist_ok=True)
        pipeline = StableDiffusionPipeline.from_pretrained(
            ROOT / "models" / "checkpoints" / "paperdoll", local_files_only=True
        )
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        for seed in range(1, count + 1):
            image = pipeline(
                BASE.prompt,
                num_inference_steps=BASE.steps,
                guidance_scale=BASE.guidance_scale,
                width=BASE.width,
                height=BASE.height,
                generator=torch.Generator("cpu").manual_seed(seed),
            ).images[0]
            image.save(folder / f"{seed}.png")

    def batch(number):
        with Workbench(ROOT / "models", tmp_path / f"outputs {number}", device="cpu") as bench:
            bench.sweep(BASE, {"seed": f"1-{count}"}, name="seeds").run()

    with Workbench(ROOT / "models", tmp_path / "warm", device="cpu") as warm:
        warm.execute(BASE.changed(steps=1))  # imports are not what is compared
    ratios = []
    for number in range(3 if gates else 1):
        seconds = []
        for work in (loop, lambda at=number: batch(at)):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[0] / seconds[1])
    keep(
        f"{count} pictures as a batch are made {median(ratios):.2f} times as fast as by a plain "
        f"loop of diffusers ({seconds[1]:.1f} s and {seconds[0]:.1f} s)",
        ratio=round(median(ratios), 3),
    )
    assert not gates or median(ratios) >= LEAST_LOOP


@pytest.mark.thorough
@pytest.mark.slow
def test_a_sweep_of_a_late_stage_makes_the_early_ones_once(tmp_path, keep, gates):
    count = PICTURES if gates else QUICK_PICTURES
    hand = {"enabled": True, "detector": "centre", "guide_size": 64, "steps": 4}
    base = BASE.changed(steps=30, hand=hand)
    axes = {"hand.denoising_strength": f"0.2-0.8 [{count}]"}
    with Workbench(ROOT / "models", tmp_path / "batch", device="cpu") as bench:
        bench.execute(TINY)
        start = time.perf_counter()
        batch = bench.sweep(base, axes, name="hands").run()
        swept = time.perf_counter() - start
        rows = [batch.config(row) for row in range(count)]
    with Workbench(ROOT / "models", tmp_path / "whole", device="cpu") as bench:
        bench._maker.cache = StageCache(None, memory_bytes=0)
        bench.execute(TINY)
        start = time.perf_counter()
        for config in rows:
            bench.execute(config)
        whole = time.perf_counter() - start
    keep(
        f"{count} values of a late stage are made {whole / swept:.1f} times as fast as each whole",
        ratio=round(whole / swept, 2),
    )
    assert not gates or whole / swept >= LEAST_LATE
