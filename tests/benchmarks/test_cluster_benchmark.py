"""What a cluster brings and costs: two workers against one, and Dask against a bare execute.

All processes have one thread, and are on this machine: the figures need two cores that nobody else
uses. Ratios within one run.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from medialab import PipelineConfig, Workbench
from medialab.batch.cluster import DaskExecutor
from tests.batch.cluster.conftest import SOON, Cluster

MODELS = Path(__file__).resolve().parents[2] / "models"
PICTURES, QUICK_PICTURES = 32, 4
LEAST_GAIN, MOST_OVERHEAD = 1.8, 0.030  # times as fast; seconds a picture
ROUNDS, QUICK_ROUNDS = 3, 1
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
BASE = PipelineConfig(prompt="a red car in a meadow", steps=20, width=128, height=128)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler with two workers."""
    with ExitStack() as opened:
        found = Cluster(tmp_path_factory.mktemp("cluster"), opened)
        found.start_worker(**ONE_THREAD)
        found.start_worker(**ONE_THREAD)
        yield found


class Timed:
    """Batches on workers that have a cache of their own: they have nothing made before."""

    def __init__(self, cluster, folder, workers):
        from distributed import Client

        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=SOON)
        folder.mkdir()
        self.began = 0.0
        self.executor = DaskExecutor(cluster.address, models=[MODELS, folder], say=self.note)

    def note(self, _said):
        """Remember when the last worker was employed: what comes before costs once a batch."""
        self.began = time.perf_counter()

    def made(self, bench, name, seeds):
        """Return the seconds of a batch since its workers are employed, and its hashes."""
        batch = bench.sweep(BASE, {"seed": seeds}, name=name)
        batch.run(executor=self.executor)
        return time.perf_counter() - self.began, [*batch.table["sha256"]]


@pytest.mark.thorough
def test_two_workers_against_one_on_the_same_pictures(cluster, tmp_path, gates, keep):
    pictures = PICTURES if gates else QUICK_PICTURES
    seconds, hashes = {}, {}
    for workers in (2, 1):
        if workers == 1:
            cluster.kill_worker(1)
        timed = Timed(cluster, tmp_path / f"{workers} cold", workers)
        with Workbench(MODELS, tmp_path / f"{workers}", device="cpu") as bench:
            timed.made(bench, "warm", "1000-1003")
            seconds[workers], hashes[workers] = timed.made(bench, "timed", f"1-{pictures}")
    gain = seconds[1] / seconds[2]
    keep(
        f"{pictures} pictures: one worker {seconds[1]:.2f} s, two {seconds[2]:.2f} s: {gain:.2f}×",
        one_s=seconds[1],
        two_s=seconds[2],
        gain=gain,
    )
    assert hashes[1] == hashes[2]
    if gates:
        assert gain >= LEAST_GAIN


@pytest.mark.thorough
def test_a_picture_by_dask_against_a_bare_one(cluster, tmp_path, gates, keep):
    pictures = QUICK_PICTURES * (2 if gates else 1)
    timed = Timed(cluster, tmp_path / "cold", 1)
    bare, dask = [], []
    with Workbench(MODELS, tmp_path / "outputs", device="cpu") as bench:
        bench.execute(BASE.changed(seed=0))
        timed.made(bench, "warm", "1000-1003")
        for number in range(ROUNDS if gates else QUICK_ROUNDS):
            first = 1 + number * 2 * pictures
            began = time.perf_counter()
            for seed in range(first, first + pictures):
                bench.execute(BASE.changed(seed=seed))
            bare.append((time.perf_counter() - began) / pictures)
            seeds = f"{first + pictures}-{first + 2 * pictures - 1}"
            dask.append(timed.made(bench, f"round {number}", seeds)[0] / pictures)
    overhead = median(dask) - median(bare)
    keep(
        f"a picture: bare {median(bare) * 1e3:.0f} ms, by Dask {median(dask) * 1e3:.0f} ms: "
        f"{overhead * 1e3:+.1f} ms",
        bare_s=median(bare),
        dask_s=median(dask),
        overhead_s=overhead,
    )
    if gates:
        assert overhead <= MOST_OVERHEAD
