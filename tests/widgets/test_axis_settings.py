"""The menu of an axis has every setting that an axis can have, with the names that there are."""

import pytest

from medialab import PipelineConfig, Workbench
from medialab.batch.axes import REPLACE
from medialab.batch.setting_names import shape_of
from medialab.batch.sweep import Sweep
from widgets.axis_settings import axis_settings, sweepable
from widgets.catalogue import Catalogue

BASE = {
    "prompt": "a cat",
    "steps": 20,
    "guidance_scale": 7.0,
    "width": 512,
    "sampler": "DPM++ 2M",
    "loras": [{"name": "ink", "weight": 0.5}],
    "face": {"enabled": True, "denoising_strength": 0.4},
}


@pytest.fixture(scope="module")
def settings(tiny_models, tmp_path_factory):
    with Workbench(tiny_models, tmp_path_factory.mktemp("outputs"), device="cpu") as bench:
        catalogue = Catalogue(bench)
        catalogue.refresh()
        return {one["name"]: one for one in axis_settings(catalogue, BASE)}


def test_every_setting_of_the_menu_is_one_of_the_core(settings):
    for name in settings.keys() - {REPLACE}:
        shape_of(name.partition(":")[0])
    assert list(settings)[:3] == ["prompt", REPLACE, "seed"]


def test_they_are_grouped_by_stage_and_named_as_in_the_form(settings):
    face = settings["face.denoising_strength"]
    assert (face["group"], face["label"], face["kind"]) == ("Face", "Strength", "number")
    assert settings["steps"]["group"] == "The picture"
    groups = list(dict.fromkeys(one["group"] for one in settings.values()))
    assert groups[0] == "The picture"


def test_menus_offer_names_and_what_belongs_to_one_picture_is_left_out(settings):
    assert settings["checkpoint"]["choices"] == ["paperdoll"]
    assert "Euler" in settings["sampler"]["choices"]
    assert settings["loras"]["choices"][0] == "none"
    assert settings["face.enabled"]["choices"] == ["on", "off"]
    assert not {"image", "mode", "made_for", "inpaint.mask", "face.detections"} & settings.keys()


def test_they_begin_with_values_around_the_present_one_within_the_limits(settings):
    values = {name: one["values"] for name, one in settings.items()}
    assert (values["steps"], values["guidance_scale"]) == ("10-30 [3]", "5-9 [3]")
    assert values["face.denoising_strength"] == "0.2-0.6 [3]"
    assert values["width"] == "256, 512, 768"
    assert (values["sampler"], values["prompt"]) == ("DPM++ 2M", "a cat")
    assert (values["seed"], values["face.enabled"]) == ("1-4", "off, on")
    for name, text in values.items():
        if text and name not in {REPLACE, "prompt"} and ":" not in name:
            base = PipelineConfig.parse(BASE)
            assert Sweep(base, {name: text}).faults == [], name


def test_the_weight_of_each_lora_that_is_set_can_be_varied(settings):
    ink = settings["loras:ink"]
    assert (ink["label"], ink["kind"], ink["values"]) == ("ink weight", "number", "0.3-0.7 [3]")


def test_a_field_of_the_form_can_be_varied_if_the_menu_has_its_setting(settings):
    assert sweepable("face.denoising_strength")
    assert sweepable("seed")
    assert not sweepable("image")
    assert not sweepable("size")
