"""Values of single settings are what a whole config makes of them."""

import pytest
from pydantic import ValidationError

from medialab import PipelineConfig
from medialab.settings.shapes import shapes_of
from medialab.settings.single import valid_value

TRIED = [None, True, 1, "3", 0.5, "x", [], ["a"], {}, "\ud800", 2**70, "Euler", "automatic"]


def _whole(name, value):
    try:
        return getattr(PipelineConfig.model_validate({name: value}), name)
    except ValidationError as error:
        return [(found["type"], found["msg"]) for found in error.errors() if found["loc"]]


@pytest.mark.parametrize("name", sorted(shapes_of(PipelineConfig)))
def test_a_value_alone_is_read_and_refused_as_in_a_whole_config(name):
    for value in TRIED:
        try:
            alone = valid_value(PipelineConfig, name, value)
        except ValidationError as error:
            alone = [(found["type"], found["msg"]) for found in error.errors()]
        whole = _whole(name, value)
        # Only checks with other settings, which have no place, may refuse more.
        assert whole in (alone, []), (name, value)
