"""JSON within a text is read, or is a prompt."""

import json

import pytest

from medialab.infotext import text as infotext


def test_an_infotext_within_json_is_read():
    parsed = infotext.read(json.dumps({"infotexts": ["a cat\nSteps: 20, Seed: 4, Size: 64x64"]}))
    assert (parsed.settings["prompt"], parsed.settings["seed"]) == ("a cat", 4)


@pytest.mark.parametrize("text", ["{a|b} cat", '{"a": 1} and more', "{not json}", "{"])
def test_a_brace_that_does_not_parse_is_a_prompt(text):
    assert infotext.read(text).settings["prompt"] == text
