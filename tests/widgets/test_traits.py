"""What the widgets' JavaScript is told of their traits is what they have in Python."""

import re
from pathlib import Path

import anywidget
import pytest

from medialab.stages.detailer.edits import DetectionEdit
from widgets.batch_bar import BatchBar
from widgets.batch_bar.batch_bar import STATES as BATCH_STATES
from widgets.details import Details
from widgets.foot import Foot
from widgets.foot.foot import RUN_STATES, STATES, USES
from widgets.gallery import Gallery
from widgets.generate import Generate
from widgets.generate.generate import HOWS as GENERATE_HOWS
from widgets.generate.generate import MODES as GENERATE_MODES
from widgets.header import Header
from widgets.model_finder import ModelFinder
from widgets.models_shelf import ModelsShelf
from widgets.preset_menu import PresetMenu
from widgets.sheet import KINDS, Field, Sheet
from widgets.shelf_tabs import ShelfTabs
from widgets.splitter import Splitter
from widgets.stage_list import StageList
from widgets.viewer import Viewer
from widgets.viewer.viewer import HOWS, MASK_TOOLS, MODES
from widgets.words import WORD_KINDS

FOLDER = Path(__file__).resolve().parents[2] / "widgets"
WIDGETS = {
    "batch_bar": BatchBar,
    "details": Details,
    "foot": Foot,
    "gallery": Gallery,
    "generate": Generate,
    "header": Header,
    "model_finder": ModelFinder,
    "models_shelf": ModelsShelf,
    "preset_menu": PresetMenu,
    "sheet": Sheet,
    "shelf_tabs": ShelfTabs,
    "splitter": Splitter,
    "stage_list": StageList,
    "viewer": Viewer,
}


def test_the_kinds_of_words_are_the_same_on_both_sides():
    text = (FOLDER / "shared" / "prompt" / "types.d.ts").read_text(encoding="utf-8")
    assert choices(text, "WordKind") == WORD_KINDS


def types_of(name):
    return (FOLDER / name / "src" / "types.d.ts").read_text(encoding="utf-8")


def fields(text, interface):
    body = re.search(rf"interface {interface} {{(.+?)^}}", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE))


def choices(text, name):
    return tuple(re.findall(r'"([^"]+)"', re.search(rf"type {name} =([^;]+);", text)[1]))


def test_every_widget_that_declares_types_is_looked_at():
    declared = {path.parts[-3] for path in FOLDER.glob("*/src/types.d.ts")}
    assert declared == WIDGETS.keys()


@pytest.mark.parametrize("name", WIDGETS)
def test_the_traits_in_javascript_are_those_in_python(name):
    own = WIDGETS[name].class_traits(sync=True).keys() - anywidget.AnyWidget.class_traits().keys()
    assert fields(types_of(name), "Traits") == {one for one in own if not one.startswith("_")}


def test_a_detection_has_the_same_fields_on_both_sides():
    assert fields(types_of("viewer"), "Detection") == DetectionEdit.model_fields.keys()


def test_a_field_of_a_sheet_has_the_same_keys_on_both_sides():
    assert fields(types_of("sheet"), "Field") == Field.__annotations__.keys()


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("batch_bar", "State", BATCH_STATES),
        ("generate", "How", GENERATE_HOWS),
        ("generate", "Mode", GENERATE_MODES),
        ("sheet", "Kind", KINDS),
        ("viewer", "Mode", MODES),
        ("viewer", "How", HOWS),
        ("viewer", "MaskTool", MASK_TOOLS),
        ("foot", "State", STATES),
        ("foot", "RunState", RUN_STATES),
        ("foot", "Use", USES),
    ],
)
def test_a_choice_has_the_same_values_on_both_sides(name, kind, values):
    assert choices(types_of(name), kind) == values
