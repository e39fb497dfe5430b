"""Detections as settings: read from rows, bound to a picture, shown as a table."""

import pytest
from PIL import Image

from medialab.errors import ConfigError
from medialab.pixels.geometry import Box
from medialab.stages.detailer.edits import DetectionEdit, DetectionTable, plain_edits
from medialab.vision.detections import Detection

MASK, PICTURE = "a" * 64, "b" * 64


@pytest.fixture
def detection():
    return Detection("face", 0.93, Box(1, 2, 30, 40), Image.new("L", (64, 64)), index=1)


def test_a_detection_as_settings_is_bound_to_its_picture_until_it_is_unbound(detection):
    edit = DetectionEdit.of(detection, MASK, PICTURE)
    assert (edit.label, edit.box, edit.confidence, edit.index) == ("face", (1, 2, 30, 40), 0.93, 1)
    assert (edit.mask, edit.made_for) == (MASK, PICTURE)
    assert edit.unbound() == edit.model_copy(update={"made_for": None})


def test_rows_become_plain_values_with_every_field():
    (plain,) = plain_edits([{"box": [0, 0, 4, 4], "prompt": "a smile"}])
    assert plain["box"] == [0, 0, 4, 4]
    assert plain["enabled"] is True
    assert set(plain) == set(DetectionEdit.model_fields)
    assert plain_edits([plain]) == [plain]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"box": [0, 0, 4, 4], "denoising_strength": 7}, "box 2: denoising_strength=7: must be"),
        ({"box": [4, 0, 4, 4]}, "box 2: the box .* is empty"),
        ({}, "box 2: box is missing"),
        ({"box": [0, 0, 4, 4], "strenght": 1}, "box 2: there is no setting 'strenght'"),
    ],
)
def test_a_row_that_cannot_be_is_named_by_its_number_and_its_field(row, said):
    with pytest.raises(ConfigError, match=said):
        plain_edits([{"box": [0, 0, 4, 4]}, row])


def test_a_table_is_read_at_a_glance_and_holds_no_name_of_a_mask(detection):
    edit = DetectionEdit.of(detection, MASK, PICTURE)
    table = DetectionTable([edit, edit.model_copy(update={"enabled": False})])
    assert repr(table).splitlines() == [
        "   label  confidence  box             repaint",
        "0  face   0.93        (1, 2, 30, 40)  yes",
        "1  face   0.93        (1, 2, 30, 40)  no",
    ]
    assert repr(DetectionTable()) == "no detections"
    assert table[0] == edit
    assert table == (edit, table[1])


def test_a_notebook_shows_the_table_with_what_was_set_for_each(detection):
    edit = DetectionEdit.of(detection, MASK, PICTURE)
    own = edit.model_copy(update={"prompt": "<a smile>", "denoising_strength": 0.25})
    html = DetectionTable([edit, own])._repr_html_()
    assert html.count("<tr>") == 3
    assert "<th>strength</th><th>prompt</th>" in html
    assert "<td>0.25</td><td>&lt;a smile&gt;</td>" in html
    assert MASK not in html
    assert DetectionTable()._repr_html_() == "<p>no detections</p>"
