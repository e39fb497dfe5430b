"""Saved pictures as a table."""

from datetime import UTC, date, datetime

import pytest

from medialab.artifacts.table import COLUMNS, query_of
from medialab.errors import ArtifactError


def found(manager, text="", **conditions):
    return [*manager.table(query_of(text, **conditions))["prompt"]]


def test_a_table_has_what_pictures_were_made_with(manager, save):
    saved = save(
        prompt="a car",
        seed=2**64 - 1,
        steps=9,
        sampler="Euler a",
        guidance_scale=2.5,
        models_sha256={"lora/ink": "b" * 64, "lora/styles/night": "c" * 64},
    )
    manager.annotate(saved.path, tags=["good", "x"], stars=4)
    table = manager.table()
    assert tuple(table.columns) == COLUMNS
    row = table.iloc[0].to_dict()
    created = row.pop("created")
    assert created == datetime.fromisoformat(saved.created)
    assert created.tzinfo is not None
    assert row == {
        "path": saved.path.relative_to(manager.folder).as_posix(),
        "prompt": "a car",
        "model": "paperdoll",
        "loras": ("ink", "styles/night"),
        "seed": 2**64 - 1,
        "steps": 9,
        "sampler": "Euler a",
        "guidance_scale": 2.5,
        "width": 64,
        "height": 64,
        "tags": ("good", "x"),
        "stars": 4,
    }
    assert (manager.folder / row["path"]).is_file()


def test_an_empty_table_has_all_columns(manager, save):
    assert tuple(manager.table().columns) == COLUMNS
    save()
    empty = manager.table("nothing")
    assert (len(empty), tuple(empty.columns)) == (0, COLUMNS)
    assert str(empty["created"].dtype).startswith("datetime64")


def test_all_conditions_hold_at_once(manager, save):
    ink = {"lora/ink": "b" * 64}
    one = save(prompt="one red", seed=1, models_sha256=ink, checkpoint="dolls")
    save(prompt="two red", seed=1, models_sha256=ink)
    save(prompt="three", seed=12)
    manager.annotate(one.path, tags=["character:Ada"], stars=3)
    assert found(manager, "red") == ["two red", "one red"]
    assert found(manager, seed=1) == ["two red", "one red"]
    assert found(manager, lora="INK", model="dolls") == ["one red"]
    assert found(manager, tag="Character:ADA") == ["one red"]
    assert found(manager, tag="character:") == found(manager, stars=3) == ["one red"]
    assert found(manager, tag="char:") == found(manager, tag="Ada") == []
    assert found(manager, tag=["character:Ada", "x"]) == []
    today = date.fromisoformat(one.path.parent.name)
    for day in (today, str(today), datetime.now(UTC)):
        assert len(found(manager, since=day)) == 3
    assert found(manager, until="2001-01-01") == []
    assert found(manager, order="oldest")[0] == "one red"


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"tags": ["x"]}, r"cannot be found by tags=\['x'\]; known: tag, .*Did you mean 'tag'"),
        ({"since": "yesterday"}, "since='yesterday' is no day; write it as 2026-11-22"),
        ({"seed": "7"}, "seed='7': a seed is a whole number"),
        ({"tag": "a,b"}, "a comma separates tags"),
        ({"order": "random"}, "order='random': choose newest"),
        ({"stars": 9}, "stars=9: choose 0 to 5"),
        ({"stars": "many"}, "stars='many': choose 0 to 5"),
        ({"tag": 5}, "tag=5: give one tag as text, or a list"),
        ({"tag": {"a": 1}}, "give one tag as text, or a list"),
        ({"text": 5}, "text=5: it is text"),
        ({"text": None}, "text=None: it is text"),
        ({"lora": 3}, "lora=3: it is text"),
        ({"model": ["a"]}, "model=\\['a'\\]: it is text"),
    ],
)
def test_conditions_that_are_not_possible_are_named(conditions, why):
    with pytest.raises(ArtifactError, match=why):
        query_of(**conditions)


def test_tags_of_another_way_of_writing_are_found(manager, save):
    manager.annotate(save(prompt="u\u0308ber").path, tags=["U\u0308ber"])
    assert found(manager, "\u00fcber") == found(manager, tag="\u00fcBER") == ["u\u0308ber"]
