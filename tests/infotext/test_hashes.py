"""Hashes beside the names in an infotext, in each form that programs write."""

import json

import pytest

from medialab.infotext.hashes import MOST_HASHES, hashes_in, without_hash

SHORT, OTHER, LONG = "aabbccdd11", "0123456789", "ab" * 32


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ({"Model hash": SHORT}, {"checkpoint": SHORT}),
        ({"Model hash": f" 0x{SHORT.upper()} "}, {"checkpoint": SHORT}),
        ({"Model hash": SHORT, "Model sha256": LONG}, {"checkpoint": LONG}),
        ({"Model": f"doll [{SHORT}]"}, {"checkpoint": SHORT}),
        ({"Model": f"doll [{SHORT}]", "Model hash": OTHER}, {"checkpoint": OTHER}),
        ({"VAE hash": SHORT, "VAE sha256": LONG}, {"vae": LONG}),
        ({"Refiner": "fine", "Refiner hash": SHORT}, {"checkpoint/fine": SHORT}),
        ({"Refiner hash": SHORT}, {}),
        ({"Refiner": f"fine [{SHORT}]"}, {"checkpoint/fine": SHORT}),
        ({"Hires checkpoint": f"sharp [{SHORT}]"}, {"checkpoint/sharp": SHORT}),
        (
            {"ControlNet 0": f"Module: canny, Model: lines v2 [{SHORT}], Weight: 1"},
            {"controlnet/lines v2": SHORT},
        ),
        ({"Lora hashes": f"ink: {SHORT}, a:b: {OTHER}"}, {"lora/ink": SHORT, "lora/a:b": OTHER}),
        ({"Lora hashes": f"ink: {SHORT}: 0.8"}, {"lora/ink": SHORT}),
        ({"TI hashes": f"mina: {SHORT}"}, {"embedding/mina": SHORT}),
        (
            {
                "Hashes": json.dumps(
                    {"model": SHORT, "vae": OTHER, "lora:ink": LONG, "embed:mina": SHORT, "x": "y"}
                )
            },
            {"checkpoint": SHORT, "vae": OTHER, "lora/ink": LONG, "embedding/mina": SHORT},
        ),
    ],
    ids=str,
)
def test_each_programs_form_is_read(items, found):
    assert hashes_in(items) == found


@pytest.mark.parametrize("value", ["", "aabbccd", "0000000000", "a" * 65, "notahash!!", "0x"])
def test_what_is_no_hash_is_left_out(value):
    assert hashes_in({"Model hash": value, "Lora hashes": f"ink: {value}"}) == {}


@pytest.mark.parametrize("told", ["{", "[1]", "3", '{"lora:": "aabbccdd11"}', "[" * 100_000])
def test_hashes_in_broken_json_are_none(told):
    assert hashes_in({"Hashes": told}) == {}


def test_of_thousands_of_hashes_so_many_are_read_and_the_checkpoints_all_the_same():
    many = ", ".join(f"n{number}: {number + 2**40:x}" for number in range(MOST_HASHES + 50))
    found = hashes_in({"Lora hashes": many, "Model hash": SHORT, "VAE hash": OTHER})
    assert len(found) == MOST_HASHES + 2
    assert (found["checkpoint"], found["vae"]) == (SHORT, OTHER)


@pytest.mark.parametrize(
    ("name", "bare"),
    [(f"doll v2 [{SHORT}]", "doll v2"), ("doll [v2]", "doll [v2]"), (f"[{SHORT}]", f"[{SHORT}]")],
)
def test_a_name_loses_the_hash_in_brackets_behind_it_alone(name, bare):
    assert without_hash(name) == bare
