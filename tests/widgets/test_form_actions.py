"""The form's buttons reach the canvas, the history and the shelf of models."""

import pytest

from medialab.errors import PictureError


def press(form, field, action):
    form._act(field, action, None)


def test_the_picture_on_the_canvas_is_used_for_a_field(drawn):
    press(drawn.form, "image", "canvas")
    picture = drawn.wait(120).image
    assert drawn.bench.pictures.load(drawn.form.value("image")).tobytes() == picture.tobytes()


def test_a_picture_of_the_history_is_given_to_the_control_that_waits_for_one(drawn):
    drawn.form.set({"control": [{"model": "lines"}]})
    press(drawn.form, "control.0.image", "history")
    assert drawn.shelf.chosen == "History"
    (artifact,) = drawn.bench.artifacts.find(limit=1)
    drawn._look(artifact)
    name = drawn.form.value("control")[0]["image"]
    assert drawn.bench.pictures.load(name).size == (128, 128)
    drawn._look(artifact)  # from now on a click looks
    assert drawn.form.value("image") is None
    assert drawn.canvas.path == artifact.path


def test_a_mask_is_painted_and_then_used(studio):
    press(studio.form, "inpaint.mask", "paint")
    assert studio.canvas.viewer.mode == "mask"
    with pytest.raises(PictureError, match="no mask is painted"):
        press(studio.form, "face.mask", "painted")


def test_a_lora_is_chosen_on_the_shelf_for_a_stage(studio, monkeypatch):
    asked = []
    monkeypatch.setattr(studio.models, "pick", lambda *about: asked.append(about))
    press(studio.form, "face.loras", "add")
    ((kind, family, on_pick, title),) = asked
    assert (kind, family, title) == ("lora", "paperdoll", "Choose a LoRA for Face")
    assert studio.shelf.chosen == "Models"
    on_pick(None)
    assert studio.form.value("face.loras") is None
    info = studio.bench.registry.find("paperdoll", "checkpoint")
    on_pick(info)
    assert studio.form.value("face.loras") == [{"name": "paperdoll"}]
