"""A picture's table: the words of the form, by stage, what is as usual marked so."""

import json

from medialab import PipelineConfig
from medialab.artifacts.differences import differences
from medialab.config.resolved import ResolvedConfig
from widgets.details import Row
from widgets.picture_facts import groups_of, json_of, rows_of, time_text


def config(**settings):
    known = {"width": 64, "height": 96, "seed": 7, "checkpoint_sha256": "a" * 64}
    return ResolvedConfig.model_validate(known | settings)


RECORD = {
    "device": "cpu",
    "dtype": "float32",
    "versions": {"torch": "2.13"},
    "stages": [
        {"name": "prompt", "seconds": 0.5, "cached": False, "applied": {}},
        {"name": "txt2img", "seconds": 1.25, "cached": False, "applied": {}},
        {
            "name": "face",
            "seconds": 2.0,
            "cached": True,
            "applied": {"found": 2, "drawn": [{}]},
        },
        {"name": "finish", "seconds": 0.0, "cached": False, "applied": {}},
    ],
}


def table(groups):
    return {
        group.title: {row.label: row.value for row in group.rows if not row.is_usual}
        for group in groups
    }


def test_only_what_is_set_is_shown_at_first_and_what_a_person_looks_for():
    made = config(
        prompt="a ball",
        face={"enabled": True, "grow": 9, "loras": [{"name": "ink", "weight": 0.5}]},
    )
    found = table(groups_of(made, RECORD))
    assert found["Picture"] == {
        "Prompt": "a ball",
        "Size": "64 × 96",
        "Checkpoint": "paperdoll",
        "Steps": "20",
        "Guidance": "5",
        "Sampler": "DPM++ 2M",
        "Seed": "7",
    }
    assert found["Face"] == {"Found": "2, redrawn 1", "Grow mask": "9 px", "LoRAs": "ink × 0.5"}
    assert found["Run"] == {"Time": "3.8 s", "Device": "cpu"}
    assert list(found) == ["Picture", "Face", "Run"]


def test_everything_else_is_there_for_all():
    groups = groups_of(config(), RECORD)
    rows = {row.label: row for group in groups for row in group.rows}
    assert rows["Negative prompt"] == Row("Negative prompt", "–", is_usual=True)
    assert rows["torch"].is_usual
    assert not any(row.value.startswith("aaaa") for row in rows.values())


def test_a_stage_tells_its_seconds_or_that_it_was_cached():
    notes = {group.title: group.note for group in groups_of(config(face={"enabled": True}), RECORD)}
    assert (notes["Picture"], notes["Face"]) == ("1.2 s", "cached")


def test_settings_without_a_record_are_a_table_too():
    assert "Run" not in table(groups_of(config(hand={"enabled": True}), {}))
    found = table(groups_of(config(mode="inpaint", image="b" * 64), {}))
    assert "picture bbbbbbbb…" in found["Picture"].values()


def test_differences_are_in_the_words_of_the_form():
    one = config(face={"enabled": True, "iou": 0.4}, control=[])
    other = config(seed=8, face={"enabled": True, "steps": 9})
    assert rows_of(differences(one, other)) == (
        Row("Seed", "7", "8"),
        Row("Face: Steps", "inherited", "9"),
        Row("Face: Overlap allowed", "0.4", "0.5"),
    )


def test_a_stage_that_does_not_run_has_no_values():
    drawn = config(face={"enabled": True, "grow": 9})
    rows = {row.label: (row.value, row.other) for row in rows_of(differences(config(), drawn))}
    assert rows["Face: Grow mask (px)"] == ("–", "9")
    assert {one for label, (one, _) in rows.items() if label.startswith("Face: ")} <= {"–", "off"}


def test_values_that_are_left_open_and_modes_are_told_in_words():
    asked = PipelineConfig(prompt="a ball")
    made = config(prompt="a ball", mode="inpaint")
    told = {row.label: (row.value, row.other) for row in rows_of(differences(made, asked))}
    assert told["Seed"] == ("7", "random")
    assert told["Use it as"] == ("Inpaint", "Text to image")
    assert "automatic" in told["Width (px)"]


def test_the_json_is_short_and_is_read_back():
    made = config(prompt="a ball", steps=9)
    assert ResolvedConfig.parse(json.loads(json_of(made))) == made
    assert "hand" not in json_of(made)


def test_a_time_is_that_of_this_machine():
    assert len(time_text("2026-11-22T12:00:00.000000+00:00")) == len("2026-11-22 12:00")
