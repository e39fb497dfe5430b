"""The list of stages tells which sheet is asked for, and refuses half a row."""

import pytest
import traitlets

from widgets.stage_list import StageList

ROW = {
    "name": "face",
    "title": "Face",
    "switch": "face.enabled",
    "main": "",
    "note": "",
    "message": "",
}


def hear(stages, **content):
    stages._hear(stages, content, [])


def test_a_stage_is_opened_added_and_switched():
    told = []
    switch = {"name": "face.enabled", "label": "Face", "kind": "tick"}
    stages = StageList(rows=[ROW], fields=[switch], values={"face.enabled": False})
    stages.on_open(lambda name: told.append(("open", name)))
    stages.on_add(lambda name: told.append(("add", name)))
    stages.on_change(lambda name, value: told.append((name, value)))
    hear(stages, kind="open", name="face")
    hear(stages, kind="add", name="hand")
    hear(stages, kind="change", name="face.enabled", value=True, moving=False, serial="1")
    assert told == [("open", "face"), ("add", "hand"), ("face.enabled", True)]


def test_a_row_is_whole():
    with pytest.raises(traitlets.TraitError, match=r"give each .*message.*switch"):
        StageList(rows=[{"name": "face"}])
