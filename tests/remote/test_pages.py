"""Pages are followed to as many models as are asked for, and never in a circle."""

import pytest

from medialab.errors import RemoteError
from medialab.remote.listings import RemoteModel
from medialab.remote.pages import MODELS_A_PAGE, MOST_EMPTY_PAGES, Page, followed


def page(*keys, cursor="", left_out=()):
    return Page({key: RemoteModel("shelf", key, key) for key in keys}, left_out, cursor)


def reader(pages, asked):
    def read(which):
        asked.append(dict(which))
        return pages[dict(which).get("cursor", "")]

    return read


def test_pages_are_read_until_there_are_enough_and_their_cursor_leads_on():
    pages = {"": page("a", "b", cursor="2"), "2": page("c", "d", cursor="3", left_out=["one"])}
    asked = []
    found = followed("Shelf", 3, "", reader(pages, asked))
    assert [one.key for one in found] == ["a", "b", "c"]
    assert (found.cursor, found.left_out) == ("3", ("one",))
    assert asked == [{"limit": "3"}, {"limit": "1", "cursor": "2"}]


def test_a_page_is_never_asked_for_more_than_a_source_gives():
    asked = []
    followed("Shelf", 1000, "9", reader({"9": page("a")}, asked))
    assert asked == [{"limit": str(MODELS_A_PAGE), "cursor": "9"}]


def test_a_cursor_that_was_there_before_is_a_circle():
    pages = {"": page("a", cursor="2"), "2": page("b", cursor="2")}
    with pytest.raises(RemoteError, match="Shelf's pages lead in a circle after 2 models"):
        followed("Shelf", 9, "", reader(pages, []))


def test_pages_that_bring_nothing_new_end_too():
    pages = {"": page("a", cursor="1")}
    pages |= {str(at): page("a", cursor=str(at + 1)) for at in range(1, 99)}
    asked = []
    with pytest.raises(RemoteError, match="after 1 models"):
        followed("Shelf", 9, "", reader(pages, asked))
    assert len(asked) == 1 + MOST_EMPTY_PAGES
