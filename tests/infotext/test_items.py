"""The parameters' line is taken apart into items, and a strange one harms no neighbour."""

import json

import pytest

from medialab.config.resolved import ResolvedConfig
from medialab.infotext import text as infotext

HASH = "abcdef1234"


def resolved(**settings):
    known = {"width": 512, "height": 768, "seed": 1, "checkpoint_sha256": "0" * 64}
    return ResolvedConfig.model_validate(known | settings)


def written(**settings):
    return infotext.write(resolved(**settings), checkpoint_hash=HASH, version="v1.0")


def test_only_a_value_that_needs_quotes_gets_them():
    assert ', Model: "one, two: three é",' in written(checkpoint="one, two: three é")
    assert ", Model: one two é," in written(checkpoint="one two é")


@pytest.mark.parametrize(
    ("item", "key", "value"),
    [
        ("k: 1", "k", "1"),
        ("ADetailer model.v2: x", "ADetailer model.v2", "x"),
        ('Hashes: {"model": "a, b", "vae": {"c": 1}}', "Hashes", None),
        ('Civitai resources: [{"type":"checkpoint","id":1},{"id":2}]', "Civitai resources", None),
        ("Civitai metadata: {}", "Civitai metadata", "{}"),
        ("Hashes: {broken", "Hashes", "{broken"),
        ("Empty: ", "Empty", ""),
        ('Kept: "needless"', "Kept", "needless"),
        ('Torn: "half', "Torn", '"half'),
        ('Escaped: "a \\"b\\", c"', "Escaped", 'a "b", c'),
        ("Tiling", "Tiling", "Tiling"),
        ("SGM noise multplier: True", "SGM noise multplier", "True"),
    ],
)
@pytest.mark.parametrize("place", ["Steps: 2, Seed: 3, CFG scale: 4, {}", "Steps: 2, {}, Seed: 3"])
def test_traps_are_kept_as_text_and_harm_no_neighbour(item, key, value, place):
    parsed = infotext.read(f"cat\n{place.format(item)}, Size: 64x64, Model: m")
    assert parsed.settings["steps"] == 2
    assert parsed.settings["seed"] == 3
    assert parsed.settings["checkpoint"] == "m"
    kept = parsed.rest[key]
    if value is None:
        assert json.loads(kept) == json.loads(item.partition(": ")[2])
    else:
        assert kept == value


def test_two_pairs_in_the_last_line_are_still_prompt():
    parsed = infotext.read("portrait\nlight: soft, lens: long")
    assert parsed.settings["prompt"] == "portrait\nlight: soft, lens: long"
    assert parsed.rest == {}


def test_windows_line_ends_are_read():
    parsed = infotext.read("a\r\nNegative prompt: b\r\nSteps: 2, Seed: 3, Size: 64x64\r\n")
    assert parsed.settings["prompt"] == "a"
    assert parsed.settings["negative_prompt"] == "b"
    assert parsed.settings["width"] == 64


@pytest.mark.parametrize("value", ["[" + "9" * 5000, "{" + '"a": ' + "9" * 5000 + "}"])
def test_a_number_of_thousands_of_digits_is_text_and_no_fault(value):
    parsed = infotext.read(f"a red car\nSteps: 20, Strange: {value}, Seed: 7")
    assert (parsed.settings["steps"], parsed.settings["seed"]) == (20, 7)
