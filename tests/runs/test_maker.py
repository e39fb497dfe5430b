"""A worker makes a request's pictures, tells of each step, and keeps what it was asked to keep."""

import pytest
from PIL import Image

from medialab import PipelineConfig

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


@pytest.fixture
def heard(bench):
    events = []
    bench.executor.listen(events.append)
    return events


def test_a_picture_is_told_step_by_step_and_a_cached_one_needs_no_memory(bench, heard):
    run = bench.execute(ASKED, save=False)
    kinds = [one.kind for one in heard]
    assert kinds.count("planned") == 1
    assert kinds.count("stage done") == kinds.count("stage") == len(run.record["stages"])
    assert run.record["memory"]
    heard.clear()
    again = bench.execute(ASKED, save=False)
    assert [one.kind for one in heard] == ["queued", "started", "done"]
    assert "memory" not in again.record


def test_the_pictures_of_a_batch_are_counted_and_each_has_its_file(bench, heard):
    run = bench.execute(ASKED.changed(batch_size=2))
    assert {(one.image, one.images) for one in heard if one.kind == "step"} == {(1, 2), (2, 2)}
    assert len(run.images) == len(run.records) == len(run.artifacts) == 2
    assert [one.path.exists() for one in run.artifacts] == [True, True]
    assert run.artifacts[0].path != run.artifacts[1].path


def test_a_detailer_that_is_given_the_middle_tells_what_may_be_edited(bench):
    image = bench.keep(Image.new("RGB", (64, 64), "green"))
    face = {"enabled": True, "steps": 1, "guide_size": 64, "fallback": "centre"}
    config = ASKED.changed(mode="enhance", image=image, face=face)
    run = bench.execute(config, save=False)
    (row,) = run.detections["face"]
    assert row.enabled
    assert row.mask
    assert row.made_for
