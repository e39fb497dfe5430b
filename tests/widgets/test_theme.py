"""The style sheet is in the page, and has a rule for what the panel is made of."""

import re
from pathlib import Path

from widgets.theme import PARTS, Theme, style_sheet

FOLDER = Path(__file__).resolve().parents[2] / "widgets" / "theme"


def test_the_style_sheet_comes_whole_and_takes_no_room():
    theme = Theme()
    assert theme.value == f"<style>{style_sheet()}</style>"
    assert theme.layout.display == "none"


def test_every_file_of_the_folder_is_a_part_of_it():
    assert {file.stem for file in FOLDER.iterdir()} == set(PARTS)
    for part in PARTS:
        assert (FOLDER / f"{part}.css").read_text() in style_sheet()


def test_the_style_sheet_cannot_end_its_own_tag():
    assert "</" not in style_sheet()


def test_every_class_of_the_style_sheet_is_given_to_something():
    """By name, or by the last part of it where a class is made of a prefix and a name."""
    sources = [*FOLDER.parent.rglob("*.py"), *FOLDER.parent.rglob("*/src/**/*.js")]
    sources += FOLDER.parent.rglob("shared/**/*.js")
    code = "".join(source.read_text(encoding="utf-8") for source in sources)
    names = set(re.findall(r'"([\w-]+)"', code))
    ruled = set(re.findall(r"\.(mls-[\w-]+)", style_sheet()))
    ends = {one for one in ruled if one.rpartition("-")[2] in names}
    assert [one for one in sorted(ruled - ends) if one not in code] == []
