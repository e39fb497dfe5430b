"""What a second device brings: a sweep in two processes against the same sweep in one.

Each process has one thread and one core of this machine: the figure needs two cores that nobody
else uses. The one process is the workbench's usual kernel, which sends no picture and no event
anywhere. That the processes start, and load the checkpoint, is kept out on both sides: it costs
once, whatever is made then; the figure says what it was.
"""

import time
from pathlib import Path
from statistics import median

import pytest

from medialab import PipelineConfig, Workbench

MODELS = Path(__file__).resolve().parents[2] / "models"
PICTURES, QUICK_PICTURES = 32, 4
ROUNDS, QUICK_ROUNDS = 3, 1
LEAST_GAIN = 1.8  # times as fast
AT_ONCE = 4  # pictures
BASE = PipelineConfig(prompt="a red car in a meadow", steps=20, width=128, height=128)


def _warmed(bench, count):
    """Return the seconds until every process has made a picture, with its start."""
    began = time.perf_counter()
    jobs = [bench.submit(BASE.changed(seed=1000 + one)) for one in range(2 * count)]
    for job in jobs:
        job.result()
    return time.perf_counter() - began


def _swept(bench, name, seeds, count=1):
    """Return the seconds of a sweep, and the hashes of its pictures in their order."""
    batch = bench.sweep(BASE.changed(draw_together=count), {"seed": seeds}, name=name)
    began = time.perf_counter()
    batch.run()
    return time.perf_counter() - began, [state["sha256"] for state in batch.states()]


@pytest.mark.thorough
def test_two_devices_with_groups_of_pictures_against_the_same_one_by_one(
    tmp_path, keep, gates, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    pictures, rounds = (PICTURES, ROUNDS) if gates else (QUICK_PICTURES, QUICK_ROUNDS)
    gains = []
    with Workbench(MODELS, tmp_path, devices="cpu,cpu") as two:
        _warmed(two, 2)
        for number in range(rounds):
            first = 1 + number * pictures
            seeds, spent = f"{first}-{first + pictures - 1}", {}
            counts = (1, AT_ONCE)
            for count in counts if number % 2 else reversed(counts):
                spent[count], _ = _swept(two, f"{count} at once {number}", seeds, count)
            gains.append(spent[1] / spent[AT_ONCE])
    gain = median(gains)
    told = f"a sweep of {pictures} pictures on two processes: {AT_ONCE} at once {gain:.2f}× as fast"
    keep(told, gain=round(gain, 3))


@pytest.mark.thorough
def test_two_devices_against_one_on_the_same_sweep(tmp_path, keep, gates, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of this process; two share it as one each
    pictures = PICTURES if gates else QUICK_PICTURES
    rounds = ROUNDS if gates else QUICK_ROUNDS
    gains, seconds = [], {}
    with (
        Workbench(MODELS, tmp_path / "one", "cpu") as one,
        Workbench(MODELS, tmp_path / "two", devices="cpu,cpu") as two,
    ):
        _warmed(one, 1)
        starting = _warmed(two, 2)
        assert len(two.executor.pids) == 2
        for number in range(rounds):
            first = 1 + number * pictures
            seeds = f"{first}-{first + pictures - 1}"
            ways = [(1, one), (2, two)]
            found = {
                count: _swept(bench, f"round {number}", seeds)
                for count, bench in (ways if number % 2 else reversed(ways))
            }
            assert found[1][1] == found[2][1]
            seconds = {count: spent for count, (spent, _) in found.items()}
            gains.append(seconds[1] / seconds[2])
    gain = median(gains)
    keep(
        f"a sweep of {pictures} pictures: one process {seconds[1]:.2f} s, two {seconds[2]:.2f} s: "
        f"{gain:.2f}×; starting two took {starting:.1f} s before",
        one_s=round(seconds[1], 3),
        two_s=round(seconds[2], 3),
        gain=round(gain, 3),
        starting_s=round(starting, 1),
    )
    assert not gates or gain >= LEAST_GAIN
