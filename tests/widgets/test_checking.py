"""A picture is made again from the details, and what was found is told there."""

import json
import time
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ArtifactError
from widgets.checking import _MAKING, _file_of

SECONDS = 120


@pytest.fixture
def shown(studio):
    """The artifact of a picture that is on the canvas."""
    config = PipelineConfig(prompt="a green tree", seed=7, steps=1)
    artifact = studio.bench.execute(config).artifact
    studio.history.refresh()
    studio.history.look(studio.history.gallery.ids[0])
    return artifact


def check(studio):
    """Ask for a check as the browser does, and wait for what it tells."""
    details = studio.details.details
    details._handle_custom_msg({"kind": "check"}, [])
    end = time.monotonic() + SECONDS
    while details.story == [_MAKING] and time.monotonic() < end:
        time.sleep(0.01)
    return details


def test_an_equal_picture_is_said_to_be_equal_and_nothing_is_saved(studio, shown):
    details = check(studio)
    assert details.story == [f"{shown.path.name} was made again, and is equal in every pixel."]
    assert details.difference == ""
    assert studio.shelf.chosen == "Details"
    assert studio.bench.artifacts.count() == 1
    assert studio.canvas.path == shown.path


def test_a_difference_is_told_and_shown_until_another_picture_is(studio, shown):
    with Image.open(shown.path) as opened:
        changed = opened.convert("RGB")
    changed.putpixel((3, 4), (255, 255, 255))
    changed.save(shown.path)
    details = check(studio)
    assert "1 of 16,384 pixels differ" in details.story[0]
    head, _, content = details.difference.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(BytesIO(b64decode(content))) as difference:
        assert difference.convert("RGB").getpixel((3, 4)) != (0, 0, 0)
    studio.bench.execute(PipelineConfig(prompt="a red car", seed=8, steps=1))
    studio.history.refresh()
    studio.history.look(studio.history.gallery.ids[0])
    assert (details.story, details.difference) == ([], "")


def test_what_cannot_be_made_again_is_told(studio, shown):
    content = json.loads(shown.sidecar.read_text())
    content["config"] |= {"checkpoint": "gone", "checkpoint_sha256": "b" * 64}
    shown.sidecar.write_text(json.dumps(content))
    first, why = check(studio).story
    assert first == f"{shown.path.name} was not made again."
    assert why.startswith("No checkpoint 'gone'")
    shown.sidecar.unlink()
    studio.check_again()
    assert "it has no sidecar" in studio.details.details.story[0]


def test_without_a_saved_picture_there_is_nothing_to_check(studio):
    with pytest.raises(ArtifactError, match="is not saved"):
        studio.check_again()


def test_a_single_pixel_of_a_large_picture_is_still_seen():
    values = np.zeros((1030, 2000, 3), np.uint8)
    values[1029, 1999] = 255
    with Image.open(BytesIO(_file_of(Image.fromarray(values)))) as small:
        assert max(small.size) <= 512
        assert np.asarray(small).max() == 255
    assert _file_of(None) == b""
