"""What a setting may be, read from its field."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from medialab.settings.fields import (
    Foremost,
    NameOf,
    OneOf,
    Picture,
    Pixels,
    StageConfig,
    Unit,
)
from medialab.settings.shapes import Limits, shapes_of


class Frames(StageConfig):
    """A few settings of each kind."""

    width: Annotated[Pixels, Foremost()] = Field(8, ge=4, le=64, multiple_of=4, description="Px.")
    weight: float | None = None
    colour: Annotated[str, AfterValidator(OneOf(("red", "blue")))] = "red"
    model: Annotated[str, NameOf("lora")] = Field(min_length=1)
    pictures: tuple[Picture, ...] = ()
    steps: Annotated[int, Unit("steps")] | None = None
    layout: Literal[1] = 1


SHAPES = shapes_of(Frames)


def test_they_come_in_the_models_order():
    assert [*SHAPES] == [*Frames.model_fields]


def test_a_number_has_limits_a_step_and_a_unit():
    width = SHAPES["width"]
    assert (width.kind, width.limits, width.unit) == (int, Limits(4, 64, 4), "px")
    assert (width.default, width.help, width.optional) == (8, "Px.", False)
    assert SHAPES["steps"].unit == "steps"


def test_what_may_be_left_open_is_optional():
    assert (SHAPES["weight"].kind, SHAPES["weight"].optional) == (float, True)


def test_names_are_told_by_list_or_by_the_kind_of_model():
    assert SHAPES["colour"].choices == ("red", "blue")
    assert SHAPES["model"].named == NameOf("lora")
    assert (SHAPES["model"].required, SHAPES["model"].limits.shortest) == (True, 1)


def test_a_list_tells_what_each_of_it_is():
    assert (SHAPES["pictures"].kind, SHAPES["pictures"].many) == (str, True)
    assert SHAPES["pictures"].is_picture


def test_what_a_form_shows_first_is_marked():
    assert [name for name, shape in SHAPES.items() if shape.is_foremost] == ["width"]


def test_a_version_has_one_choice():
    assert (SHAPES["layout"].choices, SHAPES["layout"].kind) == ((1,), int)
