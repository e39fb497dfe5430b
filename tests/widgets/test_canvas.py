"""The canvas shows one state at a time: progress, pictures, errors, and what came of a run."""

from io import BytesIO

import pytest
from PIL import Image
from PIL.ImageColor import getrgb

from medialab import PipelineConfig
from medialab.errors import ConfigError, PictureError
from medialab.process.events import Event
from widgets.canvas import LARGEST_SIDE, Canvas, CanvasContent, decode_picture, encode_png
from widgets.progress import Estimates, Progress

TEAL, RED = (encode_png(Image.new("RGB", (12, 8), colour)) for colour in ("teal", "red"))


@pytest.fixture
def canvas():
    return Canvas()


def told(canvas):
    return canvas.foot.status["state"], canvas.foot.status["text"]


def test_an_empty_canvas_is_ready(canvas):
    assert told(canvas) == ("idle", "Ready")
    assert (canvas.picture, list(canvas.pictures)) == (None, [])
    assert (canvas.foot.error, canvas.foot.notice) == ({}, "")


def test_several_pictures_are_a_grid_from_which_one_is_opened(canvas, tmp_path):
    shown = []
    canvas.on_shown(lambda: shown.append(canvas.index))
    paths = [tmp_path / "1.png", tmp_path / "2.png"]
    content = CanvasContent([TEAL, RED], PipelineConfig(seed=7), paths, labels=["seed 7", "seed 8"])
    canvas.show(content, before=RED)
    viewer = canvas.viewer
    assert viewer.mode == "grid"
    assert [tile["label"] for tile in content.tiles] == ["seed 7", "seed 8"]
    assert "2 pictures" in canvas.foot.caption["text"]
    assert (canvas.picture, viewer._files["left"]) == (TEAL, RED)
    viewer._open_tile(1)
    assert (canvas.picture, viewer._files["image"], viewer.mode) == (RED, RED, "view")
    assert viewer._files["left"] == b""
    assert canvas.foot.caption["text"].startswith("Picture 2 of 2 · Seed 8 · ")
    assert (viewer.file_name, shown) == ("2.png", [0, 1])
    canvas.show(CanvasContent([RED]))
    assert (viewer.mode, canvas.picture, canvas.index) == ("view", RED, 0)


def test_a_grid_is_there_again_after_a_run_that_was_cancelled(canvas):
    content = CanvasContent([TEAL, RED])
    assert [tile["label"] for tile in content.tiles] == ["picture 1", "picture 2"]
    canvas.show(content)
    canvas.show_starting()
    canvas.show_cancelled()
    assert canvas.viewer.mode == "grid"


def test_the_caption_has_seed_size_seconds_and_files(canvas, tmp_path):
    config = PipelineConfig(seed=7, width=64, height=96)
    canvas.show(CanvasContent([TEAL], config, [tmp_path / "a<b>.png"], 1.26))
    caption = canvas.foot.caption
    assert caption["text"] == "Seed 7 · 12 × 8 · 1.3 s · a<b>.png"  # the file's own size
    assert caption["title"].splitlines()[1] == str(tmp_path / "a<b>.png")
    assert (caption["can_save"], caption["can_use"]) == (False, True)
    canvas.show(CanvasContent([TEAL], config))
    assert canvas.foot.caption["text"] == "Seed 7 · 12 × 8 · not saved"
    assert canvas.foot.caption["can_save"]
    canvas.show(CanvasContent([TEAL]))
    assert not canvas.foot.caption["can_save"]
    assert not canvas.foot.caption["can_use"]


def test_progress_names_stage_step_picture_and_the_time_left(canvas):
    config = PipelineConfig(steps=20)
    estimates = Estimates()
    estimates.learn("txt2img", config, 2.0)
    progress = Progress(config, estimates)
    canvas.show_progress(Event("started", "1"), progress)
    assert "Getting ready" in canvas.foot.status["text"]
    assert canvas.foot.said == "Making a picture"
    entered = Event("stage", "1", stage="txt2img")
    progress.take(entered)
    canvas.show_progress(entered, progress)
    states = [(one["name"], one["state"]) for one in canvas.foot.stages]
    assert states == [("prompt", "cached"), ("txt2img", "running"), ("finish", "waiting")]
    assert canvas.foot.said == "Text to image"
    step = Event("step", "1", stage="txt2img", step=3, steps=20, image=1, images=2)
    progress.take(step)
    canvas.show_progress(step, progress)
    assert told(canvas) == ("running", "Text to image · step 3 of 20 · picture 1 of 2")
    assert canvas.foot.status["share"] == 3 / 20
    assert canvas.foot.status["until"] >= canvas.foot.status["since"]
    assert canvas.foot.said == "Text to image"  # no step is read aloud


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ((1, 2), "pictures 1 and 2 of 4"),
        ((1, 2, 3, 4), "pictures 1 to 4 of 4"),
        ((1, 2, 4), "pictures 1, 2 and 4 of 4"),  # the third is cached
    ],
)
def test_of_pictures_that_are_drawn_at_once_all_are_named_and_shown_side_by_side(
    canvas, images, words
):
    progress = Progress(PipelineConfig(steps=20, batch_size=4), Estimates())
    among = [
        {"stage": "txt2img", "image": image, "images": 4, "place": place, "together": len(images)}
        for place, image in enumerate(images, start=1)
    ]
    for where in among:
        progress.take(Event("stage", "1", **where))
    shown = []
    colours = ("red", "blue", "lime", "white")
    for where, colour in zip(among, colours, strict=False):
        picture = Image.new("RGB", (12, 8), colour)
        step = Event("step", "1", step=3, steps=20, **where, draws=lambda picture=picture: picture)
        progress.take(step)
        canvas.show_progress(step, progress)
        shown.append(canvas.viewer._files["preview"])
        assert told(canvas) == ("running", f"Text to image · step 3 of 20 · {words}")
    assert {*shown[:-1]} == {b""}  # once the last one has come
    sheet = Image.open(BytesIO(shown[-1]))
    across, down = sheet.width // 12, sheet.height // 8
    assert (across - 1) * (down - 1) < len(images) <= across * down
    for at, colour in enumerate(colours[: len(images)]):
        row, column = divmod(at, across)
        seen = sheet.getpixel((column * 12 + 5, row * 8 + 3))
        assert max(abs(a - b) for a, b in zip(seen, getrgb(colour), strict=True)) < 90


def test_previews_of_which_the_first_was_missed_are_not_shown(canvas):
    picture = Image.new("RGB", (12, 8), "red")
    for place in (2, 3):
        among = {"image": place, "images": 3, "place": place, "together": 3}
        step = Event("step", "1", stage="txt2img", **among, draws=lambda: picture)
        canvas.show_progress(step, None)
    assert canvas.viewer._files["preview"] == b""


@pytest.mark.parametrize("count", [2, 3, 5, 16])
@pytest.mark.parametrize("size", [(1024, 1024), (512, 2048), (2048, 512)])
def test_previews_side_by_side_are_never_too_large(canvas, count, size):
    picture = Image.new("RGB", size, "red")
    for place in range(1, count + 1):
        among = {"image": place, "images": count, "place": place, "together": count}
        step = Event("step", "1", stage="txt2img", **among, draws=lambda: picture)
        canvas.show_progress(step, None)
    shown = Image.open(BytesIO(canvas.viewer._files["preview"]))
    assert LARGEST_SIDE // 2 < max(shown.size) <= LARGEST_SIDE


def test_a_preview_is_a_small_jpeg_and_goes_with_the_run(canvas):
    canvas.show(CanvasContent([TEAL]))
    picture = Image.new("RGB", (12, 8), "red")
    canvas.show_progress(Event("step", "1", stage="txt2img", draws=lambda: picture), None)
    assert Image.open(BytesIO(canvas.viewer._files["preview"])).format == "JPEG"
    canvas.show_cancelled()
    assert canvas.viewer._files["preview"] == b""
    assert canvas.picture == TEAL


def test_a_failed_run_says_why_and_leaves_the_picture(canvas):
    canvas.show(CanvasContent([TEAL]))
    canvas.show_starting()
    assert canvas.viewer.busy
    canvas.show_failed(PictureError("no <room>"), "Traceback")
    assert told(canvas) == ("failed", "Failed")
    assert "No <room>." in canvas.foot.error_text
    assert (canvas.picture, canvas.viewer.busy) == (TEAL, False)
    canvas.clear_error(ConfigError)  # it was another one
    assert "No <room>." in canvas.foot.error_text
    canvas.foot.act("dismiss", "error")
    assert (canvas.foot.error_text, told(canvas)) == ("", ("idle", "Ready"))


def test_an_error_outlives_the_end_of_a_run(canvas):
    canvas.show(CanvasContent([TEAL]))
    canvas.show_error(PictureError("no room"), "Traceback")
    canvas.show_starting()
    canvas.show_cancelled()
    assert "No room." in canvas.foot.error_text


def test_a_cancelled_first_run_leaves_an_empty_canvas(canvas):
    canvas.show_starting()
    canvas.show_cancelling()
    assert "Cancelling" in canvas.foot.status["text"]
    canvas.show_cancelled()
    assert canvas.viewer.size == (0, 0)
    assert canvas.foot.status["state"] == "cancelled"


def test_a_notice_stays_until_it_is_taken_away(canvas):
    canvas.tell("All <b>settings</b> taken")
    assert canvas.foot.notice == "All <b>settings</b> taken"
    canvas.foot.act("dismiss", "notice")
    assert canvas.foot.notice == ""


def test_a_picture_is_the_same_after_encoding_and_decoding():
    picture = Image.radial_gradient("L").convert("RGB")
    assert decode_picture(encode_png(picture)).tobytes() == picture.tobytes()
