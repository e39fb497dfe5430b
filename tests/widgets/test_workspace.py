"""Three parts with a splitter on each side of the picture."""

import ipywidgets as ipw
import pytest

from widgets.splitter import Splitter
from widgets.workspace import Workspace


@pytest.fixture
def parts():
    return {name: ipw.VBox() for name in ("form", "actions", "canvas", "shelf")}


@pytest.fixture
def workspace(parts):
    return Workspace([parts["form"]], parts["actions"], parts["canvas"], parts["shelf"])


def test_the_parts_stand_left_to_right_with_splitters_between(workspace, parts):
    left, first, canvas, second, shelf = workspace.children
    assert (left, canvas, shelf) == (workspace.left, parts["canvas"], parts["shelf"])
    assert isinstance(first, Splitter)
    assert isinstance(second, Splitter)
    assert (first.side, second.side) == ("before", "after")


def test_the_buttons_stay_below_what_scrolls(workspace, parts):
    scroll, actions = workspace.left.children
    assert scroll.children == (parts["form"],)
    assert "mls-scroll" in scroll._dom_classes
    assert actions is parts["actions"]


def test_each_splitter_is_named_for_the_part_that_it_resizes(workspace):
    first, second = workspace.children[1], workspace.children[3]
    assert (first.label, second.label) == ("settings", "shelf")
    assert first.smallest < first.largest
    assert second.smallest < second.largest
