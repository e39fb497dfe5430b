"""The models that prepare a unit's control picture are checked before anything is loaded."""

import pytest

from medialab.errors import ConfigError, ModelRefusedError
from medialab.runs.control_checks import check_units
from medialab.settings.control_units import ControlUnit
from medialab.stage import Model


@pytest.fixture
def found(info_of):
    return {Model("detector", name): info_of(name) for name in ("depth", "pose", "sam", "yolos")}


def unit(**settings):
    return ControlUnit(model="lines", **settings)


@pytest.mark.parametrize("model", ["pose", "sam", "yolos"])
def test_a_model_that_tells_no_depth_is_refused(found, model):
    depth = unit(preprocessor="depth", preprocessor_model=model)
    with pytest.raises(ConfigError, match="'depth' needs a model that tells how near things are"):
        check_units([depth], found)


def test_a_model_of_people_that_finds_no_parts_is_refused(found):
    pose = {"preprocessor": "pose", "preprocessor_model": "pose"}
    for model in ("pose", "sam", "depth"):
        with pytest.raises(ModelRefusedError, match="finds no parts"):
            check_units([unit(**pose, people_model=model)], found)
    check_units([unit(**pose, people_model="yolos"), unit(**pose)], found)


def test_models_that_are_not_used_are_not_looked_at(found):
    depth = {"preprocessor": "depth", "preprocessor_model": "pose"}
    check_units([unit(**depth, enabled=False)], found)
    check_units([unit(**depth | {"preprocessor": "canny"})], found)
    check_units([unit(**depth | {"preprocessor_model": "depth"}, people_model="sam")], found)
    check_units([unit(**depth)], {})
