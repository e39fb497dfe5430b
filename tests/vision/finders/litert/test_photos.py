"""How much is found in real photos, against boxes drawn by eye (tests/photos)."""

from functools import reduce
from itertools import chain
from operator import add

import pytest

from medialab.files.mediapipe_networks import FACE_FULL, PALM, POSE
from medialab.vision.finders.litert.bodies import load_bodies
from medialab.vision.finders.litert.faces import load_faces
from medialab.vision.finders.litert.hands import load_hands
from tests.photos.photos import PARTS, ROWS, VARIANTS, Count, count, photos

# For each part: its word, the least share found, the largest share of what is found that is false.
TARGETS = {
    "faces": ("face", 0.95, 0.05),
    "hands": ("hand", 0.80, 0.05),
    "people": ("person", 0.90, 0.05),
}


@pytest.fixture
def find(load):
    """Finds a part in a picture."""
    finders = {
        "faces": load(load_faces, FACE_FULL),
        "hands": load(load_hands, PALM),
        "people": load(load_bodies, POSE),
    }
    return lambda part, image: finders[part].find(image, TARGETS[part][0])


def test_there_are_photos_enough_and_each_tells_its_source_and_licence():
    with_people = [row for row in ROWS.values() if any(part in row for part in PARTS)]
    assert len(with_people) >= 20
    assert len(ROWS) - len(with_people) >= 10
    assert all(row["source"] and row["licence"] for row in ROWS.values())
    for one in photos():
        assert max(one.image.size) <= 1024
        for box in (*chain.from_iterable(one.boxes.values()), *one.maybe):
            assert box.area > 0
            assert box.within(*one.image.size) == box, one.name


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_found_in_photos_as_they_are(part, find):
    counts = [count(part, one, find(part, one.image)) for one in photos()]
    _check(part, reduce(add, counts))


@pytest.mark.thorough
@pytest.mark.parametrize("part", PARTS)
def test_parts_are_found_in_photos_and_what_is_made_of_them(part, find):
    every = photos()
    made = [vary(one) for vary in VARIANTS for one in every]
    assert len(made) >= 40
    counts = [count(part, one, find(part, one.image)) for one in (*every, *made)]
    _check(part, reduce(add, counts))


@pytest.mark.parametrize("vary", [None, *VARIANTS])
def test_no_face_is_found_where_there_is_nobody(vary, find):
    for one in photos():
        if not any(one.boxes.values()) and not one.maybe:
            image = (vary(one) if vary else one).image
            assert find("faces", image) == [], one.name


def _check(part, total: Count):
    _word, least, most_false = TARGETS[part]

    assert total.recall >= least, total
    assert total.false_share <= most_false, total
