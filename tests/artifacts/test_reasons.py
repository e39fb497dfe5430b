"""Why two pictures differ."""

import pytest

from medialab.artifacts.reasons import why
from medialab.artifacts.why import Made
from medialab.config.pipeline import PipelineConfig
from tests.artifacts.pictures import config

RECORD = {
    "device": "cpu",
    "dtype": "float32",
    "processor": "x86",
    "threads": 4,
    "versions": {"torch": "2.1", "numpy": "1.9"},
    "stages": [
        {"name": "txt2img", "version": 3, "result": "aa"},
        {"name": "face", "version": 1, "result": "bb"},
    ],
}
FACE = {"enabled": True, "detector": "centre"}


def made(name="A", record=None, **settings):
    return Made(
        name, config(prompt="a doll", steps=4) if not settings else config(**settings), record or {}
    )


def names(found):
    return [one.name for one in found.reasons]


def test_the_most_telling_comes_first():
    one = made(
        "A",
        RECORD,
        seed=1,
        prompt="a",
        steps=4,
        guidance_scale=2,
        models_sha256={"lora/x": "1" * 64},
    )
    changed = RECORD | {
        "device": "cuda",
        "threads": 2,
        "stages": [],
        "versions": {"torch": "2.2", "numpy": "2.0"},
    }
    other = made(
        "B", changed, seed=2, prompt="b", steps=5, guidance_scale=2, face=FACE,
        models_sha256={"lora/x": "2" * 64},
    )  # fmt: skip
    found = why(one, other)
    assert names(found) == [
        "prompt", "seed", "lora/x", "steps", "face.enabled", "device", "torch", "numpy", "threads",
    ]  # fmt: skip
    assert [one.kind for one in found.reasons] == [
        "setting", "setting", "model", "setting", "setting", "device", "version", "version",
        "device",
    ]  # fmt: skip
    assert (found.reasons[1].one, found.reasons[1].other) == (1, 2)
    assert found.sentences[:3] == [
        "The prompt differs: “a” for A, “b” for B.",
        "Seed: 1 for A, 2 for B.",
        "The LoRA x is another file: 1111111111 for A, 2222222222 for B.",
    ]
    assert {"guidance scale", "checkpoint", "sampler", "precision", "processor"} <= {*found.same}
    assert not {"seed", "steps", "device", "versions", "threads"} & {*found.same}
    assert found.sentences[-1].startswith("Not different: mode, checkpoint, ")
    assert str(found).splitlines() == found.sentences


def test_settings_of_a_stage_that_does_not_run_in_one_are_not_listed():
    found = why(made(face=FACE | {"steps": 9}), made("B", seed=7))
    assert names(found) == ["face.enabled"]
    assert found.sentences[0] == "Face runs for A, and not for B."


def test_what_is_inherited_is_no_difference_from_the_same_value_written_out():
    one = made(steps=9, face=FACE)
    other = made("B", steps=9, face=FACE | {"steps": 9})
    assert names(why(one, other)) == []
    (found,) = why(one, made("B", steps=9, face=FACE | {"steps": 3})).reasons
    assert (found.name, found.one, found.other) == ("face.steps", 9, 3)


def test_a_checkpoint_of_two_names_and_one_content_is_no_difference_and_of_one_name_is():
    renamed = why(made(checkpoint="a"), made("B", checkpoint="b"))
    assert names(renamed) == []
    assert "the models' files" in renamed.same
    replaced = why(made(checkpoint="a"), made("B", checkpoint="a", checkpoint_sha256="b" * 64))
    assert [(one.kind, one.name) for one in replaced.reasons] == [("model", "checkpoint/a")]


def test_the_first_stage_whose_pictures_differ_is_named():
    later = {"stages": [RECORD["stages"][0], {"name": "face", "version": 1, "result": "cc"}]}
    found = why(made("A", RECORD, seed=7), made("B", RECORD | later, seed=7))
    assert (found.first_stage, found.are_equal) == ("Face", False)
    assert "nothing that is known of them does" in found.sentences[0]
    same = why(made("A", RECORD, seed=7), made("B", RECORD, seed=7))
    assert (same.first_stage, same.are_equal) == ("", True)
    assert same.sentences[0] == "The two pictures are equal."


def test_a_stages_code_an_edited_file_and_a_cancelled_run_are_reasons():
    newer = {"stages": [{"name": "txt2img", "version": 4}]}
    stopped = {"interrupted": {"stage": "txt2img"}}
    one = Made("A", config(), RECORD, sha256="1", saved_sha256="2")
    found = why(one, Made("B", config(), RECORD | newer | stopped))
    assert [one.kind for one in found.reasons] == ["interrupted", "file", "stage"]
    assert found.sentences[0] == "B was cancelled before it was finished."
    assert found.sentences[1] == "The file of A was changed after it was saved."


def test_what_is_not_known_is_said():
    found = why(Made("A", PipelineConfig(seed=7)), Made("B", PipelineConfig(seed=7)))
    assert found.reasons == ()
    assert found.unknown == (
        "the models' files", "device", "precision", "processor", "threads", "versions",
    )  # fmt: skip
    assert found.are_equal is None
    assert found.sentences[-1].startswith("Not known of both: the models' files, device")


@pytest.mark.parametrize("name", ["file_name"])
def test_what_changes_no_pixel_is_left_out(name):
    assert names(why(made(**{name: "[seed]"}), made("B", **{name: "[date]"}))) == []
