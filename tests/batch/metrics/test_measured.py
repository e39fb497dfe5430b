"""Measured once, kept in the batch's folder, and measured again only where a picture differs."""

import json

import pytest
from PIL import Image

from medialab.batch.metrics import METRICS
from medialab.batch.metrics.measured import Measured, Picture
from medialab.errors import ArtifactError, BatchError, ConfigError
from medialab.loading.registry import ModelRegistry

COLOURS = {"1" * 64: "red", "2" * 64: "lime", "3" * 64: "blue"}


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(tmp_path / "models", device="cpu")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "poster").mkdir()
    return tmp_path / "poster"


@pytest.fixture
def pictures(tmp_path):
    for colour in COLOURS.values():
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{colour}.png")
    return [
        Picture(tmp_path / f"{colour}.png", sha256, "a <lora:ink:1> sheet")
        for sha256, colour in COLOURS.items()
    ]


def test_values_are_found_again_by_the_pictures_hash(folder, registry, pictures):
    measured = Measured(folder, registry)
    measured.ask(["mean_colour", {"difference": Image.new("RGB", (8, 8), "red")}])
    measured.measure(pictures)

    again = Measured(folder, registry)

    assert again.columns([*COLOURS, "4" * 64, None]) == {
        "mean_colour": [[255, 0, 0], [0, 255, 0], [0, 0, 255], None, None],
        "difference": [0, pytest.approx(2 / 3), pytest.approx(2 / 3), None, None],
    }


def test_what_is_measured_is_not_measured_again(folder, registry, pictures, monkeypatch):
    measured = Measured(folder, registry)
    measured.ask("sharpness")
    measured.measure(pictures[:2])
    calls = []
    once = METRICS["sharpness"]
    monkeypatch.setitem(
        METRICS,
        "sharpness",
        type(once)(lambda image, about: calls.append(image) or 1.0, once.meaning),
    )

    again = Measured(folder, registry)
    again.measure(pictures)
    again.measure(pictures)

    assert len(calls) == 1


def test_another_reference_is_measured_anew(folder, registry, pictures):
    measured = Measured(folder, registry)
    for colour in ("red", "blue"):
        measured.ask({"difference": Image.new("RGB", (8, 8), colour)})
        measured.measure(pictures)

    assert measured.columns([*COLOURS])["difference"] == [pytest.approx(2 / 3)] * 2 + [0]


@pytest.mark.parametrize(
    "line", [b"{", b"7", b"[]", b'{"sha256": 7}', b"\xff", b'{"asked": [{"a": 1}]}']
)
def test_a_line_that_cannot_be_read_is_of_no_picture(folder, registry, pictures, line):
    measured = Measured(folder, registry)
    measured.ask("sharpness")
    measured.measure(pictures[:1])
    content = measured.file.read_bytes()
    measured.file.write_bytes(content + line)

    again = Measured(folder, registry)
    again.measure(pictures)

    assert None not in Measured(folder, registry).columns([*COLOURS])["sharpness"]
    assert [json.loads(one) for one in again.file.read_bytes().splitlines()[:2]]


def test_nothing_is_asked_for_when_a_name_is_wrong(folder, registry):
    measured = Measured(folder, registry)

    with pytest.raises(ConfigError, match="Did you mean 'sharpness'"):
        measured.ask([{"difference": Image.new("RGB", (8, 8))}, "sharpnes"])

    assert measured.asked == []
    assert [*folder.iterdir()] == []


def test_a_picture_that_cannot_be_read_is_told(folder, registry, pictures):
    measured = Measured(folder, registry)
    measured.ask("sharpness")
    pictures[0].path.write_bytes(b"no picture")

    with pytest.raises(ArtifactError, match=r"red\.png cannot be measured"):
        measured.measure(pictures)


def test_values_that_cannot_be_written_are_told(folder, registry, pictures):
    measured = Measured(folder, registry)
    measured.file.mkdir()

    with pytest.raises(BatchError, match=r"metrics\.jsonl cannot be written"):
        measured.ask("sharpness")
