"""One preset: what it holds, and what it does to a request."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab import PipelineConfig, ResolvedConfig
from medialab.errors import ConfigError
from medialab.presets.preset import LONGEST_NAME, PRESET_VERSION, Preset, check_name

WHOLE = PipelineConfig(
    prompt="a car",
    negative_prompt="blurry",
    seed=7,
    steps=20,
    checkpoint="dolls",
    width=512,
    image="a" * 64,
    loras=[{"name": "ink"}],
    face={"enabled": True, "steps": 9, "detections": None},
)


def test_a_preset_changes_its_settings_and_no_other():
    preset = Preset.of("Draft", {"steps": 6, "face": {"enabled": True, "steps": 4}})
    config = PipelineConfig(prompt="a car", seed=7, face={"confidence": 0.7})
    found = preset.applied(config)
    assert (found.steps, found.face.enabled, found.face.steps) == (6, True, 4)
    assert (found.prompt, found.seed, found.face.confidence) == ("a car", 7, 0.7)
    assert [one[:3] for one in preset.changes(config) if one.name in {"steps", "face.enabled"}] == [
        ("steps", 20, 6),
        ("face.enabled", False, True),
    ]
    assert preset.changes(found) == []


def test_a_preset_is_used_on_a_resolved_request_too():
    config = ResolvedConfig(width=64, height=64, seed=7, checkpoint_sha256="a" * 64)
    found = Preset.of("Draft", {"steps": 6}).applied(config)
    assert (type(found), found.steps, found.seed) == (PipelineConfig, 6, 7)


def test_a_prompt_with_a_place_for_another_is_put_around_it():
    preset = Preset.of("Gold", {"prompt": "{prompt} in a golden frame", "negative_prompt": "rain"})
    found = preset.applied(PipelineConfig(prompt="a car", negative_prompt="snow"))
    assert (found.prompt, found.negative_prompt) == ("a car in a golden frame", "rain")
    assert Preset.of("Ink", {"prompt": "{prompt}, ink"}).applied(PipelineConfig()).prompt == ", ink"


def test_of_a_request_it_takes_what_runs_and_not_what_belongs_to_one_picture():
    settings = Preset.of("Mine", WHOLE).settings
    assert settings["steps"] == 20  # the default counts, too: it is what the request has
    assert settings["face"]["steps"] == 9
    assert settings["hand"] == {"enabled": False}
    names = json.dumps(settings)
    for absent in ("prompt", "seed", "checkpoint", "width", "image", "loras", "mode", "file_name"):
        assert absent not in settings, absent
    assert "detections" not in names
    assert '"mask"' not in names
    other = Preset.of("Mine", WHOLE).applied(PipelineConfig(prompt="a ship", seed=1, steps=3))
    assert (other.prompt, other.seed, other.steps, other.image) == ("a ship", 1, 20, None)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("prompt", {"prompt": "a car", "negative_prompt": "blurry"}),
        ("model", {"checkpoint": "dolls"}),
        ("size", {"width": 512, "height": None}),
        ("seed", {"seed": 7}),
        ("mode", {"mode": "txt2img"}),
        ("files", {"batch_size": 1}),
    ],
)
def test_parts_of_a_request_are_taken_where_they_are_asked_for(part, expected):
    settings = Preset.of("Mine", WHOLE, include=[part]).settings
    assert expected.items() <= settings.items()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"stepz": 4}, "stepz.*Did you mean 'steps'"),
        ({"steps": 0}, "steps"),
        ({"face": {"steps": "many"}}, "face.steps"),
        ({"image": "a" * 64}, "image belongs to one picture"),
        ({"face": {"mask": "a" * 64}}, "face.mask belongs to one picture"),
        ({"checkpoint_sha256": "a" * 64}, "belongs to one picture"),
    ],
)
def test_settings_that_no_preset_can_have_are_named(settings, why):
    with pytest.raises(ConfigError, match=why):
        Preset.of("Mine", settings)
    content = json.dumps({"name": "Mine", "schema_version": 1, "settings": settings}).encode()
    with pytest.raises(ConfigError, match=rf"mine.json: .*{why}"):
        Preset.parse(content, "mine.json")
    with pytest.raises(ConfigError, match="no part 'all' in a preset; known: files, mode"):
        Preset.of("Mine", WHOLE, include=["all"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "not empty"),
        (" x", "no blank at its ends"),
        ("a/b", "has none of"),
        ("..", "no file can have"),
        ("a.", "no file can have"),
        ("NUL", "no file can have"),
        ("com1.x", "no file can have"),
        ("a\0b", "invisible character"),
        ("x" * (LONGEST_NAME + 1), "at most 80"),
        (7, "a name is text"),
    ],
)
@pytest.mark.every_row
def test_a_name_that_no_file_can_have_is_refused(name, why):
    with pytest.raises(ConfigError, match=why):
        check_name(name)


@pytest.mark.parametrize("settings", [None, 5, "steps=5", {1: 2}, ["steps"]])
def test_what_are_no_settings_is_named(settings):
    with pytest.raises(ConfigError, match="the preset 'Mine': settings"):
        Preset.of("Mine", settings)
    with pytest.raises(ConfigError, match="description=5: write text"):
        Preset.of("Mine", {}, description=5)


def test_it_is_written_as_readable_json_and_read_back():
    settings = {"steps": 6, "width": None, "face": {"steps": None}}  # None: inherited
    preset = Preset.of("Größe 家", settings, description="für dich")
    text = preset.encode().decode()
    assert "Größe 家" in text
    assert "für dich" in text
    assert Preset.parse(preset.encode(), "x") == preset


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no JSON"),
        (b"<html>", "it is no JSON"),
        (b"[1]", "schema_version"),
        (b"{}", "no JSON with a schema_version"),
        (b'{"schema_version": 1}', "name is missing"),
        (b'{"schema_version": 1, "name": "x", "settings": [1]}', "settings"),
        (b'{"schema_version": 1, "name": "x", "settings": {}, "more": 1}', "no setting 'more'"),
        (b'{"schema_version": 0, "name": "x", "settings": {}}', "a whole number from 1 on"),
        (b'{"schema_version": true, "name": "x", "settings": {}}', "a whole number from 1 on"),
        (b'{"schema_version": "1", "name": "x", "settings": {}}', "a whole number from 1 on"),
        (b'{"schema_version": 1, "name": 5, "settings": {}}', "name=5: write text"),
        (
            b'{"schema_version": 1, "name": "x", "settings": {"steps": 3, "steps": 9}}',
            "x.json: 'steps' is given twice; remove one",
        ),
        (
            b'{"schema_version": 1, "name": "x", "settings": {"face": %b}}'
            % (b'{"a":' * 900 + b"1" + b"}" * 900),
            "x.json",
        ),
        (b'{"schema_version": 99, "name": "x"}', "has schema_version 99.*update the studio"),
        (b'{"schema_version": 1, "name": "a/b", "settings": {}}', "a preset cannot be named"),
    ],
)
@pytest.mark.every_row
def test_what_is_no_preset_is_refused(content, why):
    with pytest.raises(ConfigError, match=why):
        Preset.parse(content, "x.json")


@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: f'{{"schema_version":{text}'.encode())
)
def test_any_bytes_are_a_preset_or_an_error_of_ours(content):
    with suppress(ConfigError):
        assert Preset.parse(content, "x").schema_version <= PRESET_VERSION


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "steps": st.integers(1, 150).map(np.int64) | st.integers(1, 150).map(float),
            "seed": st.integers(0, 2**64 - 1).map(np.uint64),
            "guidance_scale": st.floats(1, 30, width=32).map(np.float32),
            "styles": st.lists(st.sampled_from(["ink", "gold"])).map(tuple),
            "face": st.fixed_dictionaries({"enabled": st.booleans().map(np.bool_)}),
        },
    )
)
def test_numbers_of_numpy_are_written_as_json_has_them(settings):
    preset = Preset.of("Mine", settings)
    read = Preset.parse(preset.encode(), "x")
    assert read.applied(PipelineConfig()) == preset.applied(PipelineConfig())


def test_half_a_character_in_a_description_is_refused_before_it_is_written():
    with pytest.raises(ConfigError, match="has half a character; type it again"):
        Preset.of("Mine", {"steps": 4}, description="for \ud83d")
