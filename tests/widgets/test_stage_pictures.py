"""The picture after each stage of a run: looked at, compared with the result, never made again."""

from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig

SECONDS = 120


@pytest.fixture
def sharpened(drawn):
    """A studio whose picture was changed by its last stage."""
    drawn.form.set({"sharpen": 2.0})
    drawn.generate()
    drawn.wait(SECONDS)
    return drawn


def shown(studio, which="image"):
    return Image.open(BytesIO(studio.canvas.viewer._files[which])).tobytes()


def test_a_look_at_a_stage_shows_its_picture_and_makes_none(sharpened):
    foot, run = sharpened.canvas.foot, sharpened.wait()
    count = sharpened.bench.artifacts.count()
    foot.act("look", "txt2img")
    assert shown(sharpened) == sharpened.bench.picture_after(run.config, "txt2img").tobytes()
    assert shown(sharpened) != run.image.tobytes()
    assert foot.looking == "txt2img"
    foot.act("look", "txt2img")
    assert (shown(sharpened), foot.looking) == (run.image.tobytes(), "")
    foot.act("look", "txt2img")
    foot.act("look", "finish")
    assert (shown(sharpened), foot.looking) == (run.image.tobytes(), "")
    assert sharpened.bench.artifacts.count() == count
    assert sharpened.bench.executor.jobs() == []


def test_a_stage_is_compared_with_the_result(sharpened):
    foot, run = sharpened.canvas.foot, sharpened.wait()
    foot.act("compare", "txt2img")
    assert shown(sharpened) == run.image.tobytes()
    after = sharpened.bench.picture_after(run.config, "txt2img")
    assert shown(sharpened, "left") == after.tobytes()
    assert shown(sharpened, "right") == run.image.tobytes()
    viewer = sharpened.canvas.viewer
    assert (viewer.mode, viewer.labels) == ("compare", ("Text to image", "Result"))
    assert foot.compared == "txt2img"


def test_a_picture_that_is_no_longer_cached_is_told(sharpened, monkeypatch):
    monkeypatch.setattr(sharpened.bench, "picture_after", lambda config, stage: None)
    sharpened.canvas.foot.act("look", "txt2img")
    assert "no longer cached" in sharpened.canvas.foot.error_text
    assert sharpened.canvas.foot.looking == ""


def test_the_next_run_ends_the_look(sharpened):
    sharpened.canvas.foot.act("look", "txt2img")
    sharpened.fill(PipelineConfig(prompt="a red ball", seed=8, steps=1))
    sharpened.generate()
    sharpened.wait(SECONDS)
    assert sharpened.canvas.foot.looking == ""
