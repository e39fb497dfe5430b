"""Every setting there is has a place in the panel, once, and a field to set it with."""

import pytest

from medialab import PipelineConfig
from medialab.settings.fields import SwitchedConfig
from widgets import arrangement
from widgets.descriptors import titles_of
from widgets.form_values import is_stage
from widgets.shapes import shapes_of

SHAPES = shapes_of(PipelineConfig)
PARTS = {name: shape for name, shape in SHAPES.items() if is_stage(shape)}


@pytest.mark.parametrize("stage", PARTS)
def test_every_setting_of_a_stage_has_one_place(stage):
    placed = list(arrangement.STAGES[stage].names())
    kind = PARTS[stage].kind
    switch = {"enabled"} if issubclass(kind, SwitchedConfig) else set()
    governed = {"at_model_size"} if stage == "inpaint" else set()  # by the start picture's size
    assert set(placed) == set(kind.model_fields) - switch - governed
    assert len(placed) == len(set(placed))
    assert arrangement.STAGES[stage].main in placed


def test_every_setting_of_the_whole_picture_has_a_place():
    stages = [arrangement.STAGES[name] for name in ("control", "finish")]
    placed = {
        *arrangement.START,
        *arrangement.TEXTS,
        *arrangement.SIGHT,
        *arrangement.MORE.names(),
        *(name for stage in stages for name in stage.names()),
        *arrangement.WITHOUT_PLACE,
        *PARTS,
    }
    assert placed == set(PipelineConfig.model_fields)


def test_a_detailer_has_the_four_groups():
    titles = [one["title"] for one in titles_of(arrangement.STAGES["face"])]
    assert titles == ["Find", "Area", "Draw", "Model"]


def test_a_stage_that_the_table_lacks_has_one_group_of_all_its_settings():
    found = arrangement.arrangement_of("posterize", ["enabled", "bits", "dither"])
    assert list(found.names()) == ["bits", "dither"]
    assert arrangement.arrangement_of("face", []) is arrangement.STAGES["face"]
