"""The shelf shows one page of several, chosen by a tab or from code."""

import ipywidgets as ipw
import pytest
import traitlets

from widgets.shelf import Shelf


@pytest.fixture
def shelf():
    return Shelf({"History": ipw.HTML("pictures"), "Models": ipw.HTML("files")})


def test_the_first_page_is_chosen_and_each_part_has_a_page(shelf):
    tabs, pages = shelf.panel.children
    assert (tabs.names, shelf.chosen) == (["History", "Models"], "History")
    assert [page.children[0].value for page in pages.children] == ["pictures", "files"]
    assert all("mls-shelf-page" in page._dom_classes for page in pages.children)


def test_a_page_is_opened_from_code_and_whoever_listens_is_told(shelf):
    told, sent = [], []
    shelf.on_open(told.append)
    shelf.tabs.send = sent.append
    shelf.open("Models")
    assert (shelf.chosen, told, sent) == ("Models", ["Models"], [{"kind": "open"}])


def test_a_page_that_is_not_there_is_refused_with_those_that_are(shelf):
    with pytest.raises(traitlets.TraitError, match="'Queue' on the shelf; known: History, Models"):
        shelf.open("Queue")
    assert shelf.chosen == "History"


def test_a_page_is_chosen_without_opening_the_shelf(shelf):
    sent = []
    shelf.tabs.send = sent.append
    shelf.choose("Models")
    assert (shelf.chosen, sent) == ("Models", [])
