"""The canvas shows one state at a time: progress, pictures, errors, and what came of a run."""

from io import BytesIO

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import PictureError
from medialab.process.events import Event
from widgets.canvas import Canvas, CanvasContent, decode_picture, encode_png

TEAL, RED = (encode_png(Image.new("RGB", (12, 8), colour)) for colour in ("teal", "red"))


@pytest.fixture
def canvas():
    return Canvas()


def is_seen(part):
    return part.layout.display != "none"


def test_an_empty_canvas_is_ready(canvas):
    assert 'data-state="idle">Ready' in canvas.status.value
    assert (canvas.picture, list(canvas.pictures)) == (None, [])
    assert not any(map(is_seen, (canvas.error, canvas.notice, canvas.chooser)))


def test_of_several_pictures_one_is_chosen_and_the_first_is_compared(canvas):
    canvas.show(CanvasContent([TEAL, RED]), before=RED)
    assert is_seen(canvas.chooser)
    assert canvas.chooser.options == ("1", "2")
    assert (canvas.picture, canvas.viewer._files["before"]) == (TEAL, RED)
    canvas.chooser.index = 1
    assert (canvas.picture, canvas.viewer._files["image"]) == (RED, RED)
    assert canvas.viewer._files["before"] == b""
    canvas.show(CanvasContent([RED]))
    assert not is_seen(canvas.chooser)
    assert canvas.picture == RED


def test_the_caption_has_seed_size_seconds_and_files(canvas, tmp_path):
    config = PipelineConfig(seed=7, width=64, height=96)
    canvas.show(CanvasContent([TEAL], config, [tmp_path / "a<b>.png"], 1.26))
    assert "<p>Seed 7 · 64 × 96 · 1.3 s</p>" in canvas.caption.value
    assert "a&lt;b&gt;.png</code>" in canvas.caption.value
    canvas.show(CanvasContent([TEAL], config))
    assert canvas.caption.value == "<p>Seed 7 · 64 × 96 · not saved</p>"


def test_progress_names_stage_step_picture_and_the_time_left(canvas):
    stages = [{"name": "txt2img", "title": "Text to image", "state": "running", "seconds": 0.0}]
    canvas.show_progress(Event("started", "1"), stages, None)
    assert "Getting ready" in canvas.status.value
    assert canvas.strip.stages == stages
    told = Event("step", "1", stage="txt2img", step=3, steps=20, image=2, images=4)
    canvas.show_progress(told, stages, None)
    assert "Text to image · step 3 of 20 · picture 2 of 4</span>" in canvas.status.value
    canvas.show_progress(told, stages, 75.0)
    assert "left</span>" in canvas.status.value


def test_a_preview_is_a_small_jpeg_and_goes_with_the_run(canvas):
    canvas.show(CanvasContent([TEAL]))
    picture = Image.new("RGB", (12, 8), "red")
    canvas.show_progress(Event("step", "1", stage="txt2img", preview=picture), [], None)
    assert Image.open(BytesIO(canvas.viewer._files["preview"])).format == "JPEG"
    canvas.show_cancelled()
    assert canvas.viewer._files["preview"] == b""
    assert canvas.picture == TEAL


def test_a_failed_run_says_why_and_leaves_the_picture(canvas):
    canvas.show(CanvasContent([TEAL]))
    canvas.show_starting()
    assert canvas.viewer.busy
    canvas.show_failed(PictureError("no <room>"), "Traceback")
    assert 'data-state="failed"' in canvas.status.value
    assert "&lt;room&gt;" in canvas.error.value
    assert (canvas.picture, canvas.viewer.busy, is_seen(canvas.error)) == (TEAL, False, True)
    canvas.clear_error()
    assert (canvas.error.value, is_seen(canvas.error)) == ("", False)


def test_a_cancelled_first_run_leaves_an_empty_canvas(canvas):
    canvas.show_starting()
    canvas.show_cancelling()
    assert "Cancelling" in canvas.status.value
    canvas.show_cancelled()
    assert canvas.viewer.size == (0, 0)
    assert 'data-state="cancelled"' in canvas.status.value


def test_a_notice_is_read_aloud_until_it_is_taken_away(canvas):
    canvas.tell("All <b>settings</b> taken")
    assert 'role="status">All <b>settings</b> taken' in canvas.notice.value
    assert is_seen(canvas.notice)
    canvas.tell("")
    assert (canvas.notice.value, is_seen(canvas.notice)) == ("", False)


@pytest.mark.parametrize(("waiting", "text"), [(0, ""), (-1, ""), (2, "2 more waiting")])
def test_the_jobs_that_wait_are_counted(canvas, waiting, text):
    canvas.show_waiting(waiting)
    assert canvas.waiting.value == text


def test_a_picture_is_the_same_after_encoding_and_decoding():
    picture = Image.radial_gradient("L").convert("RGB")
    assert decode_picture(encode_png(picture)).tobytes() == picture.tobytes()
