"""Why a stage would run again: every difference between two keys is told in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.process.versions import OPTIONAL
from medialab.runs.key_differences import differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("settings", "models", "environment")


def label(**changes):
    return {
        "version": 1,
        "before": "",
        "settings": {},
        "models": {},
        "environment": {},
    } | changes


def told(part, old, new):
    return differences(label(**{part: new}), label(**{part: old}))


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("weights", "int8", "default"),
        ("step cache", "0.1", "off"),
        ("together", "2 of 3", "alone"),
        *((name, "1.2", "not installed") for name in OPTIONAL),
        ("a library of another version", "1.2", "unknown"),
    ],
)
def test_what_an_environment_does_not_name_has_a_word_both_ways(name, value, default):
    assert told("environment", {}, {name: value}) == [f"{name} {default} → {value}"]
    assert told("environment", {name: value}, {}) == [f"{name} {value} → {default}"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (None, 512, "none → 512"),
        ("", "a face", 'none → "a face"'),
        ([], ["anime"], 'none → "anime"'),
        (False, True, "off → on"),
        ([{"name": "ink", "weight": 0.8, "start": 0.0}], [], "ink × 0.8 → none"),
        ("", None, '"" → null'),  # which have the same word
        (1, 1.0, "1 → 1.0"),
        (1, True, "1 → on"),
    ],
)
def test_a_setting_that_is_empty_or_a_switch_has_a_word(old, new, words):
    assert told("settings", {"one": old}, {"one": new}) == [f"one: {words}"]


def test_a_setting_that_only_one_version_has_is_told():
    assert told("settings", {"gone": 3}, {}) == ["gone: 3 → none"]
    assert told("settings", {}, {"new": 3}) == ["new: none → 3"]


def test_a_model_is_another_file_only_if_it_was_used_before():
    assert told("models", {"lora ink": "aa"}, {"lora ink": "bb"}) == ["lora ink is another file"]
    assert told("models", {}, {"lora ink": "bb"}) == ["lora ink was not used"]
    assert told("models", {"lora ink": "aa"}, {}) == ["lora ink is not used any more"]
    assert told("models", {}, {"lora ink": None}) == ["lora ink was not used"]


def test_long_texts_are_told_from_where_they_differ():
    start = "a portrait of a woman in a red coat, " * 3
    (found,) = told("settings", {"prompt": f"{start}at dawn"}, {"prompt": f"{start}at night"})
    assert found == 'prompt: …ed coat, at dawn" → …ed coat, at night"'


def test_a_lora_that_differs_in_its_schedule_is_told_by_that():
    loras = [
        PipelineConfig(loras=[{"name": "ink", "weight": 0.5, "stop": stop}]).loras[0]
        for stop in (1.0, 0.5)
    ]
    old, new = ([one.model_dump(mode="json")] for one in loras)
    (found,) = told("settings", {"loras": old}, {"loras": new})
    assert '"stop": 1.0' in found
    assert '"stop": 0.5' in found


@given(st.sampled_from(PARTS), *(st.dictionaries(st.text(max_size=3), JSON, max_size=3),) * 2)
def test_keys_that_differ_are_never_told_as_equal(part, old, new):
    found = told(part, old, new)
    is_same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (found == []) == is_same
