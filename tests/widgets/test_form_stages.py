"""The rows of stages: those that are on, the mode's, and what is wrong in a closed sheet."""

import pytest

from medialab import PipelineConfig
from widgets.form_messages import Message


@pytest.fixture
def stages(studio):
    return studio.form.stages


def names(stages):
    return [row["name"] for row in stages.list.rows]


def test_a_new_form_has_the_whole_picture_and_the_output(stages):
    assert names(stages) == ["more", "finish"]
    titles = {row["name"]: row["title"] for row in stages.list.rows}
    assert titles == {"more": "Text to image", "finish": "Output"}


def test_rows_stand_in_the_order_in_which_stages_run(studio, stages):
    on = {name: {"enabled": True} for name in ("upscaler", "hand", "refiner", "body")}
    studio.form.show(PipelineConfig.parse(on))
    assert names(stages) == ["more", "refiner", "body", "hand", "upscaler", "finish"]


def test_a_row_without_a_switch_says_what_its_slider_sets(studio, stages):
    studio.form.show(PipelineConfig.parse({"upscaler": {"enabled": True}}))
    notes = {row["name"]: row["note"] for row in stages.list.rows}
    assert notes == {"more": "", "upscaler": "", "finish": "Sharpen"}


def test_controlnets_have_a_row_without_a_switch(studio, stages):
    studio.form.set({"control": [{"model": "canny"}, {"model": "depth"}]})
    (row,) = (row for row in stages.list.rows if row["name"] == "control")
    assert (row["switch"], row["main"], row["note"]) == ("", "", "canny, depth")


def test_each_value_stands_in_one_part_of_the_form(stages):
    assert stages.part_of("face.iou") == "face"
    assert stages.part_of("file_name") == "finish"
    assert stages.part_of("styles") == "more"
    assert stages.part_of("control") == "control"
    assert stages.part_of("prompt") == ""


def test_what_is_wrong_beside_the_rows_own_slider_is_said_once(studio, stages):
    studio.form.set({"face.enabled": True})
    studio.form.say("face.denoising_strength", Message("Too much."))
    (row,) = (row for row in stages.list.rows if row["name"] == "face")
    assert row["message"] == ""
    assert stages.list.messages["face.denoising_strength"]["text"] == "Too much."
    studio.form.say("face.iou", Message("Too little."))
    (row,) = (row for row in stages.list.rows if row["name"] == "face")
    assert row["message"] == "Too little."
