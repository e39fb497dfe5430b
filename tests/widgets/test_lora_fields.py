"""A list of LoRAs knows its files, and where else each can be used."""

from pathlib import Path

import pytest

from medialab import PipelineConfig
from medialab.listing.info import ModelInfo
from widgets.form_values import FormValues
from widgets.lora_fields import info_of_loras, places_of_loras, with_lora

TITLES = {"img2img": "Image to image", "face": "Face", "hand": "Hand"}


class Catalogue:
    infos = (
        ModelInfo("ink", "lora", "sd15", "lora", Path("ink"), 1),
        ModelInfo("odd", "lora", "unknown", "lora", Path("odd"), 1, refused="is BOFT"),
    )
    trigger_words = {"ink": ("ink wash",)}  # noqa: RUF012 - as the catalogue has it


def test_a_lora_has_its_family_its_words_and_why_it_is_refused():
    assert info_of_loras(Catalogue(), ["ink", "odd", "gone"]) == {
        "ink": {"family": "sd15", "refused": "", "words": ["ink wash"]},
        "odd": {"family": "", "refused": "is BOFT", "words": []},
        "gone": {"family": "", "refused": "there is no such LoRA here", "words": []},
    }


@pytest.mark.parametrize(
    ("here", "places"),
    [
        ("loras", [["Face", "face.loras"]]),
        ("face.loras", [["Whole picture", "loras"]]),
        ("hand.loras", [["Whole picture", "loras"], ["Face", "face.loras"]]),
    ],
)
def test_it_can_also_be_used_in_stages_that_are_on(here, places):
    values = FormValues(lambda _: {})
    values.show(PipelineConfig(face={"enabled": True}))
    assert places_of_loras(values, TITLES, list(TITLES), here) == places


def test_the_mode_of_a_start_picture_is_a_place_too():
    values = FormValues(lambda _: {})
    values.set({"image": "1" * 64, "use": "img2img"})
    assert places_of_loras(values, TITLES, list(TITLES), "loras") == [
        ["Image to image", "img2img.loras"]
    ]


def test_a_lora_is_added_once():
    assert with_lora(None, {"name": "ink"}) == [{"name": "ink"}]
    there = [{"name": "ink", "weight": 0.5}]
    assert with_lora(there, {"name": "ink"}) == there
