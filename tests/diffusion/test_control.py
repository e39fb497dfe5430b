"""Which units of ControlNet count in a denoising, and what picture each is shown."""

import pytest
from PIL import Image

from medialab.diffusion.control import prepare, shown_of, use_of, with_networks, words_of
from medialab.errors import ConfigError
from medialab.pixels.geometry import Box
from medialab.pixels.preprocessors import PREPROCESSORS
from medialab.settings.control_units import ControlUnit

OWN, GREY = "a" * 64, "b" * 64  # names of stored pictures
RED, BLUE = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (32, 32), "blue")


class Context:
    """Where units take their networks and pictures from: two dictionaries."""

    def controlnet(self, name):
        return f"the network {name}"

    def picture(self, name, use="photo"):
        return {OWN: BLUE, GREY: BLUE.convert("L")}[name]

    def picture_changes(self, name, use="photo"):
        return (f"turned, as a {use}",)


def unit(**settings):
    return ControlUnit(model="lines", **settings)


@pytest.mark.parametrize(
    "settings", [{"weight": 0.0}, {"enabled": False}, {"start": 0.5, "end": 0.5}]
)
def test_units_without_effect_are_left_out(settings):
    (control,) = prepare([unit(**settings), unit()], RED, RED.size, Context())
    assert control.network == "the network lines"
    assert control.shown.tobytes() == RED.tobytes()


def test_a_unit_with_no_picture_at_all_is_refused_by_its_name():
    with pytest.raises(ConfigError, match="'lines' has no picture"):
        prepare([unit()], None, (64, 64), Context())


@pytest.mark.parametrize("name", [OWN, GREY])
def test_a_units_own_picture_comes_before_the_one_that_is_drawn(name):
    found = shown_of(unit(image=name), RED, (16, 16), Context())
    assert (found.mode, found.size) == ("RGB", (16, 16))
    assert found.getpixel((8, 8)) == Context().picture(name).convert("RGB").getpixel((0, 0))


def test_of_a_crop_both_are_shown_the_same_part():
    split = RED.copy()
    split.paste("white", (32, 0, 64, 48))
    found = shown_of(unit(), split, (16, 16), Context(), crop=Box(32, 0, 64, 48))
    assert found.getcolors() == [(256, (255, 255, 255))]


def test_a_preprocessor_sees_the_picture_at_the_size_that_is_drawn():
    split = RED.copy()
    split.paste("white", (32, 0, 64, 48))
    found = shown_of(unit(preprocessor="invert"), split, (32, 24), Context())
    small = split.resize((32, 24), Image.Resampling.LANCZOS)
    assert found.tobytes() == PREPROCESSORS["invert"](small).tobytes()


def test_a_picture_without_preprocessor_is_a_control_image_and_its_changes_are_told():
    assert use_of(unit()) == "control"
    assert use_of(unit(preprocessor="invert")) == "photo"
    assert words_of(unit(), Context()) == ()
    assert words_of(unit(image=OWN), Context()) == ("turned, as a control",)


def test_the_record_of_a_unit_names_changes_of_its_picture_alone():
    units = [unit(weight=0.5), unit(image=OWN)]
    plain, told = with_networks(units, [RED, BLUE], Context())
    assert plain.as_record == {"model": "lines", "preprocessor": "none", "weight": 0.5}
    assert told.as_record["picture"] == ["turned, as a control"]
