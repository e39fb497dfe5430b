"""A file is joined from its parts; one that does not fit together is refused by name."""

import pytest

from medialab.errors import PictureError
from widgets import uploads
from widgets.uploads import Uploads


def message(offset=0, *, upload="1", size=10, name="cat.png"):
    return {"upload": upload, "purpose": "drop", "name": name, "size": size, "offset": offset}


@pytest.fixture
def taken():
    return Uploads()


def test_parts_in_order_make_the_file_and_it_is_no_longer_held(taken):
    first = taken.take(message(0), b"abcd")
    assert (first.is_complete, len(taken)) == (False, 1)
    last = taken.take(message(4), b"efghij")
    assert (last.is_complete, bytes(last.content)) == (True, b"abcdefghij")
    assert (last.purpose, last.name, len(taken)) == ("drop", "cat.png", 0)


def test_an_empty_file_is_complete_at_once(taken):
    assert taken.take(message(size=0), b"").is_complete
    assert len(taken) == 0


def test_two_files_at_once_are_not_mixed(taken):
    taken.take(message(0, upload="1"), b"abcd")
    taken.take(message(0, upload="2"), b"0123")
    assert bytes(taken.take(message(4, upload="1"), b"efghij").content) == b"abcdefghij"
    assert bytes(taken.take(message(4, upload="2"), b"456789").content) == b"0123456789"


@pytest.mark.parametrize(
    ("offset", "part", "why"),
    [
        (6, b"ghij", "arrived incomplete (byte 6 in place of byte 4)"),
        (0, b"abcd", "arrived incomplete (byte 0 in place of byte 4)"),
        (4, b"efghijk", "is longer than the 10 bytes announced"),
    ],
    ids=["a gap", "the same again", "too long"],
)
def test_a_part_that_does_not_fit_ends_the_upload(taken, offset, part, why):
    taken.take(message(0), b"abcd")
    with pytest.raises(PictureError) as refused:
        taken.take(message(offset), part)
    assert f"cat.png {why}; drop it again" in str(refused.value)
    assert len(taken) == 0
    assert not taken.take(message(0), b"abcd").is_complete  # from its beginning again


def test_a_file_too_large_is_refused_with_its_first_part_and_one_just_small_enough_taken(taken):
    assert not taken.take(message(upload="2", size=uploads.LARGEST), b"").is_complete
    taken.forget("2")
    with pytest.raises(PictureError, match=r"cat\.png has 201 MiB, more than 200"):
        taken.take(message(size=uploads.LARGEST + 2**20), b"a")
    assert len(taken) == 0


@pytest.mark.parametrize("name", ["/etc/cat.png", "C:\\pictures\\cat.png", "../../cat.png"])
def test_of_a_path_the_name_alone_is_used(taken, name):
    assert taken.take(message(name=name), b"a").name == "cat.png"


def test_the_oldest_of_too_many_unfinished_files_is_discarded(taken):
    for upload in "12345":
        taken.take(message(0, upload=upload), b"abcd")
    assert len(taken) == 4
    assert taken.take(message(4, upload="2"), b"efghij").is_complete
    with pytest.raises(PictureError, match="byte 4 in place of byte 0"):
        taken.take(message(4, upload="1"), b"efghij")


def test_a_forgotten_file_begins_anew(taken):
    taken.take(message(0), b"abcd")
    taken.forget("1")
    taken.forget("1")
    assert len(taken) == 0
