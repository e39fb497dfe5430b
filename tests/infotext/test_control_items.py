"""ControlNet's units of other programs are read, and what has no setting here is told."""

import json

from medialab.config.pipeline import PipelineConfig
from medialab.infotext import text as infotext
from medialab.infotext.control_items import read_control, unread_parts, write_control
from tests.infotext.test_text_range import resolved


def test_a_controlnet_of_others_is_told_but_off_for_want_of_its_picture():
    unit = (
        '"Module: openpose_full, Model: control_v11p [cab727d4], Weight: 0.8, '
        'Resize Mode: Crop and Resize, Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: True"'
    )
    parsed = infotext.read(f"cat\nSteps: 20, Seed: 1, Size: 64x64, ControlNet 1: {unit}")
    assert parsed.rest == {"ControlNet 1": json.loads(unit)}  # a pose needs a model of its own
    canny = unit.replace("openpose_full", "canny")
    found = infotext.read(f"cat\nSteps: 20, Seed: 1, Size: 64x64, ControlNet 0: {canny}")
    (read,) = PipelineConfig.parse(found.settings).control
    assert (read.model, read.preprocessor, read.weight) == ("control_v11p", "canny", 0.8)
    assert (read.start, read.end, read.enabled) == (0.1, 0.9, False)


def test_units_are_numbered_by_those_that_count_and_are_read_as_they_were_written():
    off = {"model": "off", "image": "b" * 64, "enabled": False}
    unit = {"model": "lines", "preprocessor": "scribble", "image": "c" * 64, "end": 0.5}
    config = resolved(control=[off, unit])
    written = write_control(0)(config)
    assert write_control(1)(config) is None
    assert written.startswith("Module: scribble_hed, Model: lines")
    (read,) = read_control(written, {})["control"]
    told = {name: read[name] for name in ("model", "preprocessor", "weight", "start", "end")}
    assert told == {
        "model": "lines",
        "preprocessor": "scribble",
        "weight": 1.0,
        "start": 0.0,
        "end": 0.5,
    }
    assert not read["enabled"]


def test_what_matters_in_a_unit_and_has_no_setting_is_listed():
    idle = "Module: canny, Model: lines, Pixel Perfect: True, Control Mode: Balanced"
    assert unread_parts(idle) == []
    assert unread_parts(f"{idle}, Threshold A: 90") == ["Threshold A 90"]
    assert unread_parts("Control Mode: My prompt is more important") == [
        "Control Mode My prompt is more important"
    ]
