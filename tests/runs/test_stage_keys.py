"""The key of a stage's result: what counts for it, and how two are told apart in words."""

import json

import pytest

from medialab.runs.stage_keys import is_label
from tests.runs.keys import key


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "hand"},
        {"version": 2},
        {"settings": {"strength": 0.5, "prompt": "a face"}},
        {"models": {"checkpoint": "ab"}},
        {"before": "c" * 64},
        {"environment": {"torch": "2.14"}},
    ],
    ids=str,
)
def test_every_part_of_the_key_counts(change):
    assert key(**change).digest != key().digest


def test_one_and_one_point_zero_and_true_are_three_things():
    digests = {key(settings={"n": value}).digest for value in (1, 1.0, True)}
    assert len(digests) == 3


def test_the_order_of_settings_does_not_count_and_objects_are_refused():
    assert key(settings={"a": 1, "b": 2}).digest == key(settings={"b": 2, "a": 1}).digest
    with pytest.raises(TypeError):
        key(settings={"a": object()})
    with pytest.raises(ValueError, match="JSON"):
        key(settings={"a": float("nan")})


def test_keys_differ_by_settings_models_versions_and_what_came_before():
    before = json.loads(key().label())
    assert key().difference(before) == []
    settings = {"strength": 0.6, "prompt": "a face"}
    assert key(settings=settings).difference(before) == ["strength: 0.4 → 0.6"]
    assert key(models={"checkpoint": "ab"}).difference(before) == ["checkpoint is another file"]
    assert key(models={"lora/ink": "ff"}).difference(before) == [
        "lora/ink was not used",
        "checkpoint is not used any more",
    ]
    assert key(environment={"torch": "3"}).difference(before) == ["torch 2.13 → 3"]
    both = key(version=2, before="d" * 64).difference(before)
    assert both == ["the stage itself is newer", "a stage before it changed"]


def test_a_long_value_is_told_by_its_beginning_in_its_own_letters():
    before = json.loads(key(settings={"prompt": "猫" * 38}).label())
    told = key(settings={"prompt": "猫" * 39}).difference(before)
    assert told == [f'prompt: "{"猫" * 38}" → "{"猫" * 36}…']


@pytest.mark.parametrize("part", ["settings", "models", "environment", "version", "before"])
def test_a_label_has_every_part_that_is_compared(part):
    label = json.loads(key().label())
    assert is_label(label)
    assert not is_label({name: value for name, value in label.items() if name != part})
    assert not is_label([label])
