"""A section is expanded and collapsed by its title."""

import ipywidgets as ipw
import pytest

from widgets.collapsible import Collapsible


@pytest.mark.parametrize("opened", [False, True])
def test_a_click_on_the_title_expands_and_collapses(opened):
    text = ipw.Text()
    fold = Collapsible("Model", [text], name="model", opened=opened)
    assert fold.body.children == (text,)
    for _ in range(3):
        assert fold.opened is opened
        assert (fold.body.layout.display != "none") is opened
        assert fold.head.icon == ("chevron-down" if opened else "chevron-right")
        opened = not opened
        fold.head.value = opened


def test_code_expands_a_section_as_a_click_does():
    fold = Collapsible("Model", [ipw.Text()], name="model")
    fold.opened = True
    assert fold.head.value is True
    assert fold.body.layout.display is None


def test_what_stands_beside_the_title_is_seen_in_a_collapsed_section():
    switch = ipw.Checkbox()
    fold = Collapsible("Face", [ipw.Text()], name="face", beside=[switch])
    assert fold.children[0].children == (fold.head, switch)
    assert fold.children[1] is fold.body
    assert "mls-fold-face" in fold._dom_classes
