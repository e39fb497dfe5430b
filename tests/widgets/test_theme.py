"""The style sheet is in the page, and has a rule for what the panel is made of."""

import re
from pathlib import Path

from widgets.theme import Theme

STYLES = Path(__file__).resolve().parents[2] / "widgets" / "theme.css"


def test_the_style_sheet_comes_whole_and_takes_no_room():
    theme = Theme()
    assert theme.value == f"<style>{STYLES.read_text()}</style>"
    assert theme.layout.display == "none"


def test_the_style_sheet_cannot_end_its_own_tag():
    assert "</" not in STYLES.read_text()


def test_every_tab_has_a_rule(studio):
    ruled = set(re.findall(r"\.mls-task-(\w+)", STYLES.read_text()))
    assert ruled == {value for _, value in studio.tabs.options}
