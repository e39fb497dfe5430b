"""The list of settings is all that the config models say, and the page in docs is current."""

from pathlib import Path

import pytest

from medialab import PipelineConfig
from medialab.api import reference
from medialab.errors import ConfigError
from medialab.settings.fields import StageConfig
from medialab.settings.shapes import shapes_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


@pytest.fixture(scope="module")
def by_name():
    return {one.name: one for group in reference.groups() for one in group.settings}


def names_of(model, prefix=""):
    """Every setting of a model by its dotted name; those of objects in lists once."""
    for name, shape in shapes_of(model).items():
        is_model = isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig)
        if not is_model or shape.many:
            yield f"{prefix}{name}"
        if is_model:
            yield from names_of(shape.kind, f"{name}[]." if shape.many else f"{name}.")


def test_every_setting_is_listed_once_with_type_default_and_meaning(by_name):
    assert set(by_name) == set(names_of(PipelineConfig))
    assert len(by_name) == sum(len(group.settings) for group in reference.groups())
    for one in by_name.values():
        assert one.type, one.name
        assert one.default, one.name
        assert one.meaning, one.name


@pytest.mark.parametrize(
    ("name", "kind", "limits", "default", "unit"),
    [
        ("steps", "whole number", "1 to 150", "20", "steps"),
        ("seed", "whole number", "-1 to 18,446,744,073,709,551,615", "-1", ""),
        ("prompt", "text", "at most 20,000 characters", '""', ""),
        ("file_name", "text", "not empty, at most 200 characters", "[seed]-[prompt_words]", ""),
        ("face.enabled", "true or false", "", "false", ""),
        ("face.guide_size", "whole number", "64 to 4,096, in steps of 8", "not set", "px"),
        ("face.mask_blur", "whole number", "0 to 64", "4", "px"),
        ("face.sampler", "name", "as sampler", "not set", ""),
        ("face.crop", "name", "factor or padding", "factor", ""),
        ("face.words", "list of texts", "", "[]", ""),
        ("checkpoint", "name", "a model in models/checkpoints", "paperdoll", ""),
        ("refiner.scale", "number", "1 to 4", "2.0", "×"),
        ("face.loras", "list of objects", "see loras[]", "not set", ""),
        ("loras[].name", "name", "a model in models/loras", "required", ""),
        ("detections[].box", "list of 4 whole numbers", "", "required", "px"),
        ("detections[].index", "whole number", "0 or more", "not set", ""),
        ("made_for", "object", "", "{}", ""),
    ],
)
def test_a_setting_is_told_as_its_field_says(by_name, name, kind, limits, default, unit):
    told = by_name[name]
    assert (told.type, told.limits, told.default, told.unit) == (kind, limits, default, unit)


def test_groups_are_the_stages_in_their_order_then_the_rest():
    assert [group.name for group in reference.groups()] == [
        *("prompt", "source", "control", "txt2img", "img2img", "inpaint", "outpaint", "instruct"),
        *("refiner", "body", "face", "hand", "upscaler", "finish", "request"),
        *("loras[]", "control[]", "detections[]"),
    ]
    (size,) = [g.name for g in reference.groups() if "width" in {one.name for one in g.settings}]
    assert size == "txt2img"


def test_the_help_fits_its_width_and_tells_all(by_name):
    text = reference.as_help(width=80)
    listing = text[text.index("Prompt. ") :].splitlines()
    assert max(map(len, listing)) <= 80
    told = {line.split()[0] for line in listing if line.startswith("  ") and line[2] != " "}
    assert told == set(by_name)


def test_the_help_of_one_word_is_of_that_stage_or_setting():
    assert reference.as_help(["steps"]).count("\n  ") == 2
    assert "face.crop_factor" in reference.as_help(["face"])
    with pytest.raises(ConfigError, match="Did you mean 'refiner'"):
        reference.as_help(["refinr"])


def test_the_page_in_docs_is_current():
    assert PAGE.read_text(encoding="utf-8") == reference.as_page(), "run `make settings`"


def test_each_row_of_the_page_has_its_six_cells():
    rows = [line for line in reference.as_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert {line.replace("\\|", "").count("|") for line in rows} == {7}
