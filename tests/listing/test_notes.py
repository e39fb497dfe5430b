"""Notes beside a model, read and written as A1111 and CivitAI's helpers have them."""

import json
import math
from dataclasses import replace

import pytest

from medialab.errors import NotesError
from medialab.listing.info import ModelInfo
from medialab.listing.note_files import LARGEST_NOTE
from medialab.listing.notes import (
    Notes,
    note,
    notes_on,
    read_notes,
    write_civitai_info,
    write_notes,
)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "ink.v2.safetensors"
    path.write_bytes(b"the weights")
    return path


@pytest.fixture
def own(model):
    return model.with_name("ink.v2.json")


@pytest.fixture
def civitai(model):
    return model.with_name("ink.v2.civitai.info")


# As A1111 writes it, with a name that another program added.
A1111 = {
    "description": "Ink.",
    "sd version": "SD1",
    "activation text": "my ink, paper",
    "preferred weight": 0.7,
    "negative text": "blurry",
    "notes": "Best at 0.7.",
    "favourite": {"stars": 4},
}
# As CivitAI answers for a hash, in part.
VERSION = {
    "id": 12,
    "modelId": 3,
    "name": "v2",
    "baseModel": "SD 1.5",
    "trainedWords": ["ink wash", " brush ", 3, ""],
    "description": "<p>A wash of <b>ink</b> &amp; paper.</p><ul><li>0.7</li></ul>",
    "model": {"name": "Ink", "type": "LORA", "nsfw": False},
    "files": [],
    "images": [],
    "downloadUrl": "https://civitai.com/api/download/models/12",
}


def test_words_are_a_persons_own_else_civitais(model, own, civitai):
    civitai.write_text(json.dumps({"trainedWords": ["ink wash", " brush ", 3, ""]}))
    assert read_notes(model).trained_words == ("ink wash", "brush")
    own.write_text(json.dumps({"activation text": "my ink, paper"}))
    assert read_notes(model).trained_words == ("my ink", "paper")


def test_a_description_is_a_persons_own_else_civitais_without_its_html(model, own, civitai):
    assert read_notes(model).texts == ()
    answer = {"description": "<p>A wash of <b>ink</b> &amp; paper.</p><ul><li>0.7</li></ul>"}
    civitai.write_text(json.dumps(answer))
    assert read_notes(model).texts == ("A wash of ink & paper.\n0.7",)
    noted = {"description": "Ink.", "notes": "Best at 0.7.", "activation text": "ink"}
    own.write_text(json.dumps(noted))
    assert read_notes(model).texts == ("Ink.", "Best at 0.7.")


def test_a_folders_notes_lie_beside_it_by_its_whole_name(tmp_path):
    (tmp_path / "doll v1.5").mkdir()
    (tmp_path / "doll v1.5.json").write_text(json.dumps({"notes": "Dolls."}))
    assert read_notes(tmp_path / "doll v1.5").texts == ("Dolls.",)


def test_all_that_a1111_notes_is_read(model, own):
    own.write_text(json.dumps(A1111))
    assert read_notes(model) == Notes(
        description="Ink.",
        notes="Best at 0.7.",
        trained_words=("my ink", "paper"),
        preferred_weight=0.7,
        negative_text="blurry",
        sd_version="SD1",
    )


def test_a_model_without_notes_has_none(model):
    assert read_notes(model) == Notes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_any_encoding_of_unicode_is_read(model, own, encoding):
    own.write_bytes(json.dumps({"notes": "墨 ½"}, ensure_ascii=False).encode(encoding))
    assert read_notes(model) == Notes(notes="墨 ½")


BROKEN = {
    "cut": b'{"notes": "ab',
    "html": b"<!doctype html><title>Log in</title>",
    "list": b"[1, 2]",
    "deep": b"[" * 100_000,
    "digits": b'{"preferred weight": ' + b"9" * 5_000 + b"}",
    "latin": '{"notes": "½"}'.encode("latin-1"),
    "zero": b"\x00",
    "large": b" " * (LARGEST_NOTE + 1),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_note_is_named_and_never_written_over(model, own, civitai, kind):
    own.write_bytes(BROKEN[kind])
    civitai.write_text(json.dumps(VERSION))
    found = read_notes(model)
    assert [one.partition(":")[0] for one in found.faults] == ["ink.v2.json"]
    assert found.trained_words == ("ink wash", "brush")  # the other note is read
    with pytest.raises(NotesError, match=r"ink\.v2\.json cannot be read .*mend it"):
        write_notes(model, {"notes": "new"})
    assert own.read_bytes() == BROKEN[kind]


def test_a_folder_in_place_of_a_note_is_named(model, own):
    own.mkdir()
    assert read_notes(model).faults == ("ink.v2.json: it is a folder, not a file",)


@pytest.mark.parametrize(
    ("noted", "weight"),
    [("0.8", 0.8), (-0.5, -0.5), (0, None), (0.0, None), ("", None), (None, None), (1, 1.0)],
)
def test_a_preferred_weight_is_a_number_and_0_means_none(model, own, noted, weight):
    own.write_text(json.dumps({"preferred weight": noted}))
    assert read_notes(model) == Notes(preferred_weight=weight)


@pytest.mark.parametrize("noted", ["NaN", "Infinity", "1e999", "11", "true", '"much"', "[1]", "{}"])
def test_a_preferred_weight_that_is_none_is_named_and_not_used(model, own, noted):
    own.write_text(f'{{"preferred weight": {noted}, "notes": "n"}}')
    found = read_notes(model)
    assert (found.preferred_weight, found.notes) == (None, "n")
    assert "preferred weight" in found.faults[0]


def test_what_others_keep_in_a_note_is_kept_in_its_order(model, own):
    own.write_text(json.dumps(A1111), encoding="utf-16")
    found = write_notes(model, {"notes": " 0.6 ", "trained_words": ["ink", "墨 "]})
    assert (found.notes, found.trained_words) == ("0.6", ("ink", "墨"))
    written = json.loads(own.read_bytes())
    assert written == A1111 | {"notes": "0.6", "activation text": "ink, 墨"}
    assert list(written) == list(A1111)
    assert "墨" in own.read_text(encoding="utf-8")


def test_a_number_that_no_json_has_survives_a_change_of_another(model, own):
    own.write_text('{"preferred weight": 0.5, "score": NaN}')
    write_notes(model, {"preferred_weight": 0.6})
    written = json.loads(own.read_text())
    assert written["preferred weight"] == 0.6
    assert math.isnan(written["score"])


def test_a_removed_note_lets_civitais_count_again(model, own, civitai):
    civitai.write_text(json.dumps(VERSION))
    assert write_notes(model, {"trained_words": "mine"}).trained_words == ("mine",)
    assert write_notes(model, {"trained_words": None}).trained_words == ("ink wash", "brush")
    assert json.loads(own.read_text()) == {}


def test_nothing_is_written_where_nothing_changes(model, own):
    write_notes(model, {"notes": "", "preferred_weight": 0, "trained_words": []})
    assert not own.exists()
    own.write_text('{"notes":"n"}')
    write_notes(model, {"notes": "n"})
    assert own.read_text() == '{"notes":"n"}'


WRONG = {
    "word": "trained_words",
    "notes": 3,
    "trained_words": ["a", 1],
    "preferred_weight": math.nan,
    "sd_version": ["SD1"],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_by_name_and_nothing_is_written(model, own, name):
    with pytest.raises(NotesError, match=f"{name}"):
        write_notes(model, {"description": "d", name: WRONG[name]})
    assert not own.exists()


@pytest.mark.parametrize("weight", ["0.8", 10.5, math.inf, True, 10**400])
def test_a_weight_that_no_lora_can_have_is_refused(model, weight):
    with pytest.raises(NotesError, match="from -10 to 10"):
        write_notes(model, {"preferred_weight": weight})


def test_notes_of_a_model_that_is_gone_are_not_written(model, tmp_path):
    model.unlink()
    for write in (write_notes, write_civitai_info):
        with pytest.raises(NotesError, match="no model ink"):
            write(model, {"notes": "n"})
    assert not [*tmp_path.iterdir()]


def test_half_a_letter_is_written_as_json_can(model, own):
    write_notes(model, {"notes": "\ud83d"})
    assert read_notes(model).notes == "\ud83d"
    assert own.read_text(encoding="utf-8")


def test_notes_too_large_to_be_read_again_are_not_written(model, own):
    with pytest.raises(NotesError, match="at most"):
        write_notes(model, {"notes": "x" * LARGEST_NOTE})
    assert not own.exists()


def test_a_link_in_place_of_a_note_is_replaced_and_what_it_leads_to_stays(model, own, tmp_path):
    others = tmp_path / "others" / "note.json"
    others.parent.mkdir()
    others.write_text('{"notes": "theirs"}')
    own.symlink_to(others)
    assert write_notes(model, {"notes": "mine"}).notes == "mine"
    assert others.read_text() == '{"notes": "theirs"}'


def test_a_listed_model_is_noted_but_never_one_of_another_program(model, own):
    info = ModelInfo("ink", "lora", "sd15", "kohya", model, 1)
    assert note(info, {"notes": "mine"}).notes == "mine"
    with pytest.raises(NotesError, match="a folder of ComfyUI, in which nothing is written"):
        note(replace(info, program="ComfyUI"), {"notes": "other"})
    assert json.loads(own.read_text()) == {"notes": "mine"}


def test_words_of_the_header_are_told_where_none_are_noted(model, civitai):
    info = ModelInfo("ink", "lora", "sd15", "kohya", model, 1, trained_words=("trained",))
    assert notes_on(info).trained_words == ("trained",)
    civitai.write_text(json.dumps(VERSION))
    assert notes_on(info).trained_words == ("ink wash", "brush")
    assert note(info, {"trained_words": "mine"}).trained_words == ("mine",)


def test_civitais_answer_is_saved_as_it_came(model, civitai):
    assert write_civitai_info(model, VERSION) == civitai
    assert json.loads(civitai.read_bytes()) == VERSION
    assert read_notes(model).civitai == VERSION


def test_names_that_others_added_to_the_same_version_are_kept(model, civitai):
    civitai.write_text(json.dumps({"id": 12, "extensions": {"helper": 1}, "name": "old"}))
    write_civitai_info(model, VERSION)
    assert json.loads(civitai.read_bytes()) == VERSION | {"extensions": {"helper": 1}}
    write_civitai_info(model, VERSION | {"id": 13})
    assert "extensions" not in json.loads(civitai.read_bytes())


def test_a_broken_answer_is_replaced(model, civitai):
    civitai.write_text("{")
    write_civitai_info(model, VERSION)
    assert json.loads(civitai.read_bytes()) == VERSION


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://c.com/1?token=SECRET", "https://c.com/1"),
        ("https://c.com/1?token=SECRET&type=Model", "https://c.com/1?type=Model"),
        ("https://c.com/1?type=Model&Token=SECRET", "https://c.com/1?type=Model"),
        ("Does it work?", "Does it work?"),
    ],
)
def test_no_key_is_saved(model, civitai, address, kept):
    write_civitai_info(model, {"files": [{"downloadUrl": address}]})
    assert json.loads(civitai.read_bytes()) == {"files": [{"downloadUrl": kept}]}


def test_numbers_that_no_json_has_are_null_in_what_we_write(model, civitai):
    write_civitai_info(model, {"a": math.nan, "b": [math.inf, 1.5]})
    assert civitai.read_text().count("null") == 2
    assert json.loads(civitai.read_bytes()) == {"a": None, "b": [None, 1.5]}


def test_an_answer_that_is_nested_without_end_is_refused(model, civitai):
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(NotesError, match="nested too deeply"):
        write_civitai_info(model, deep)
    assert not civitai.exists()
    while deep:  # otherwise freeing it would end the process
        deep = deep.popitem()[1]
