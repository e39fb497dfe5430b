"""What the widgets' JavaScript is told of their traits is what they have in Python."""

import re
from pathlib import Path

import anywidget
import pytest

from medialab.stages.detailer.edits import DetectionEdit
from widgets.gallery import Gallery
from widgets.prompt_editor import PromptEditor
from widgets.prompt_editor.prompt_editor import WORD_KINDS
from widgets.splitter import Splitter
from widgets.stage_strip import StageStrip
from widgets.stage_strip.stage_strip import STATES
from widgets.viewer import Viewer
from widgets.viewer.viewer import MODES

FOLDER = Path(__file__).resolve().parents[2] / "widgets"
WIDGETS = {
    "gallery": Gallery,
    "prompt_editor": PromptEditor,
    "splitter": Splitter,
    "stage_strip": StageStrip,
    "viewer": Viewer,
}


def types_of(name):
    return (FOLDER / name / "src" / "types.d.ts").read_text(encoding="utf-8")


def fields(text, interface):
    body = re.search(rf"interface {interface} {{(.+?)^}}", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE))


def choices(text, name):
    return tuple(re.findall(r'"(\w+)"', re.search(rf"type {name} =([^;]+);", text)[1]))


def test_every_widget_that_declares_types_is_looked_at():
    declared = {path.parts[-3] for path in FOLDER.glob("*/src/types.d.ts")}
    assert declared == WIDGETS.keys()


@pytest.mark.parametrize("name", WIDGETS)
def test_the_traits_in_javascript_are_those_in_python(name):
    own = WIDGETS[name].class_traits(sync=True).keys() - anywidget.AnyWidget.class_traits().keys()
    assert fields(types_of(name), "Traits") == {one for one in own if not one.startswith("_")}


def test_a_detection_has_the_same_fields_on_both_sides():
    assert fields(types_of("viewer"), "Detection") == DetectionEdit.model_fields.keys()


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("viewer", "Mode", MODES),
        ("stage_strip", "State", STATES),
        ("prompt_editor", "WordKind", WORD_KINDS),
    ],
)
def test_a_choice_has_the_same_values_on_both_sides(name, kind, values):
    assert choices(types_of(name), kind) == values
