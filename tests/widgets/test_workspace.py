"""Three columns with a splitter on each side of the picture; Models takes the place of two."""

import ipywidgets as ipw
import pytest

from widgets.splitter import Splitter
from widgets.workspace import Workspace


@pytest.fixture
def parts():
    return {name: ipw.VBox() for name in ("form", "actions", "canvas", "history", "models")}


@pytest.fixture
def workspace(parts):
    return Workspace(
        [parts["form"]], parts["actions"], parts["canvas"], [parts["history"]], parts["models"]
    )


def test_the_columns_stand_left_to_right_with_splitters_between(workspace, parts):
    models, left, first, canvas, second, right = workspace.children
    assert (models, left, canvas, right) == (
        parts["models"],
        workspace.left,
        parts["canvas"],
        workspace.right,
    )
    assert isinstance(first, Splitter)
    assert isinstance(second, Splitter)
    assert (first.side, second.side) == ("before", "after")
    assert right.children == (parts["history"],)


def test_the_buttons_stay_below_what_scrolls(workspace, parts):
    scroll, actions = workspace.left.children
    assert scroll.children == (parts["form"],)
    assert "mls-scroll" in scroll._dom_classes
    assert actions is parts["actions"]


def test_models_hides_parameters_and_picture_but_not_the_queue(workspace, parts):
    _, left, first, canvas, second, right = workspace.children
    assert all("mls-not-models" in one._dom_classes for one in (left, first, canvas, second))
    assert "mls-not-models" not in right._dom_classes
    assert "mls-only-models" in parts["models"]._dom_classes


def test_each_splitter_is_named_for_the_column_that_it_resizes(workspace):
    first, second = workspace.children[2], workspace.children[4]
    assert (first.label, second.label) == ("parameters", "queue and history")
    assert first.smallest < first.largest
    assert second.smallest < second.largest
