"""What a batch will cost, by this machine's own records."""

import pytest

from medialab import PipelineConfig, Workbench
from medialab.batch.plan import BatchPlan

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
HAND = {"enabled": True, "detector": "centre", "guide_size": 64}


def test_before_the_first_picture_the_time_is_not_known(bench):
    batch = bench.sweep(BASE, {"seed": [1, 2, 1]}, name="poster")

    assert str(batch.plan) == (
        "3 pictures; 1 of them the same as others, made once; 2 to make; time not known yet"
    )


def test_what_is_made_is_not_to_make(bench):
    batch = bench.sweep(BASE, {"seed": [1, 2]}, name="poster").run()

    assert str(batch.plan) == "2 pictures; 2 made already; 0 to make"
    assert (batch.plan.seconds, batch.plan.nbytes) == (0, 0)


def test_time_and_disk_are_those_of_pictures_like_them(bench):
    run = bench.execute(BASE)
    took = {stage["name"]: stage["seconds"] for stage in run.record["stages"]}

    plan = bench.sweep(BASE, {"seed": [1, 2, 3]}, name="poster").plan

    # The prompt is encoded once.
    assert plan.seconds == pytest.approx(took["prompt"] + 3 * (took["txt2img"] + took["finish"]))
    assert plan.nbytes == 3 * run.artifact.path.stat().st_size


def test_several_devices_share_the_time(bench, tiny_models):
    bench.execute(BASE)
    batch = bench.sweep(BASE, {"seed": "1-4"}, name="poster")
    with Workbench(tiny_models, bench.artifacts.folder, devices="cpu,cpu") as two:
        assert two.batch("poster").plan.seconds == pytest.approx(batch.plan.seconds / 2)
        assert two.executor.pids == []


def test_only_the_stages_that_change_cost_again(bench):
    base = BASE.changed(hand=HAND)
    run = bench.execute(base)
    took = {stage["name"]: stage["seconds"] for stage in run.record["stages"]}

    plan = bench.sweep(base, {"hand.denoising_strength": [0.2, 0.3, 0.4]}, name="hands").plan

    late = took["hand"] + took["finish"]
    assert plan.seconds == pytest.approx(sum(took.values()) + 2 * late)


def test_a_stage_that_never_ran_here_leaves_the_time_open(bench):
    bench.execute(BASE)

    plan = bench.sweep(BASE.changed(hand=HAND), {"seed": [1, 2]}, name="hands").plan

    assert plan.seconds is None
    assert "time not known yet" in str(plan)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 s"), (59, "59 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_time_is_told_in_its_unit(seconds, told):
    assert str(BatchPlan(1, 0, 0, seconds, 2_500_000)) == (
        f"1 picture; 1 to make; about {told} and 2.5 MB"
    )
