"""Pictures are found by what they are made with, when, and what a person said of them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from medialab.artifacts import ArtifactManager, Choices, Query
from medialab.errors import ArtifactError

LORAS = {"lora/Pencil Sketch": "b" * 64, "lora/styles/night": "c" * 64, "embedding/mina": "d" * 64}


@pytest.fixture
def found(manager):
    """The prompts of the pictures that a query finds."""
    return lambda **query: [one.prompt for one in manager.find(Query(**query))]


def dated(artifact, moment):
    """The same picture, made at another moment."""
    sidecar = json.loads(artifact.sidecar.read_text())
    sidecar["created"] = moment.astimezone(UTC).isoformat(timespec="microseconds")
    artifact.sidecar.write_text(json.dumps(sidecar))


def test_every_condition_narrows_and_all_must_hold(manager, save, found):
    plain = save(prompt="plain")
    save(prompt="sketch", models_sha256=LORAS, checkpoint="Dolls")
    manager.annotate(save(prompt="liked").path, tags=["Holiday", "blue sea"], stars=4)
    manager.annotate(plain.path, tags=["holidays"], stars=2)

    assert found() == ["liked", "sketch", "plain"]
    assert found(checkpoint="dolls") == ["sketch"]
    assert found(checkpoint="doll") == []  # a whole name
    assert found(lora="pencil sketch") == ["sketch"]
    assert found(lora="night") == []
    assert found(lora="styles/night") == ["sketch"]
    assert found(lora="mina") == []  # an embedding is none
    assert found(tags=("holiday",)) == ["liked"]
    assert found(tags=("BLUE SEA", "holiday")) == ["liked"]
    assert found(least_stars=2) == ["liked", "plain"]
    assert found(least_stars=3, text="plain") == []
    assert found(least_stars=2, text="holi", checkpoint="paperdoll") == ["liked", "plain"]


def test_a_stages_own_checkpoint_counts(save, found):
    save(prompt="refined", models_sha256={"checkpoint/other": "b" * 64})
    assert found(checkpoint="other") == found(checkpoint="paperdoll") == ["refined"]


def test_loras_are_found_by_a_word_of_their_name(manager, save):
    saved = save(prompt="a ball", models_sha256=LORAS)
    assert manager.find("pencil") == manager.find("ball night") == [saved]
    assert manager.find("lora") == []  # their kind is no word of the picture


def test_both_days_of_a_range_are_in_it(save, found):
    midnight = datetime(2026, 3, 10).astimezone()  # of this machine's zone
    moments = {
        "before": midnight - timedelta(microseconds=1),
        "first": midnight,
        "last": midnight + timedelta(days=1, hours=23, minutes=59),
        "after": midnight + timedelta(days=2),
    }
    for name, moment in moments.items():
        dated(save(prompt=name), moment)
    assert found(since=date(2026, 3, 10), until=date(2026, 3, 11)) == ["last", "first"]
    assert found(since=date(2026, 3, 12)) == ["after"]
    assert found(until=date(2026, 3, 9)) == ["before"]
    # The ends of the calendar, at which no time zone can be reckoned with.
    assert len(found(since=date.min, until=date.max)) == 4
    assert found(since=date.max) == found(until=date.min) == []
    assert len(found(since=date(1, 1, 2), until=date(9999, 12, 30))) == 4


def test_pages_follow_each_other_without_gap_or_repeat(manager, save):
    for number in range(7):
        save(prompt=f"picture {number % 2}")
    pages = [manager.find(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [one for page in pages for one in page] == manager.find()
    assert manager.count() == 7
    assert manager.count(Query(text="1")) == manager.count("1") == 3
    assert manager.count("nothing") == 0


def test_the_choices_are_the_names_that_there_are(manager, save):
    assert manager.choices() == Choices()
    save(models_sha256=LORAS, checkpoint="dolls")
    manager.annotate(save().path, tags=["Zebra", "apple", "two\nlines"])
    assert manager.choices() == Choices(
        tags={"apple": 1, "two lines": 1, "Zebra": 1},
        checkpoints={"dolls": 1, "paperdoll": 1},
        loras={"Pencil Sketch": 1, "styles/night": 1},
    )


def test_the_choices_tell_how_many_pictures_have_them(manager, save):
    for number in range(3):
        manager.annotate(save().path, tags=["all", f"number {number}"])
    counts = manager.choices().tags
    assert list(counts) == ["all", "number 0", "number 1", "number 2"]
    assert list(counts.values()) == [3, 1, 1, 1]


def test_a_folder_that_is_not_there_yet_holds_nothing(manager, outputs):
    assert (manager.find(Query()), manager.count(), manager.choices()) == ([], 0, Choices())
    assert not outputs.exists()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"least_stars": 6}, "least_stars=6: choose 0 to 5"),
        (
            {"since": date(2026, 2, 2), "until": date(2026, 2, 1)},
            "since=2026-02-02 is after until=2026-02-01; swap them",
        ),
    ],
)
def test_a_query_that_nothing_can_fit_is_named(query, message):
    with pytest.raises(ArtifactError, match=message):
        Query(**query)


def test_one_day_may_be_both_the_first_and_the_last(manager, save):
    saved = save()
    day = date.fromisoformat(saved.path.parent.name)
    assert manager.find(Query(since=day, until=day)) == [saved]


@pytest.mark.parametrize("text", ["%", "'", '"', "\\", "a\nb", "*", "~"])
def test_names_are_taken_as_they_stand(manager, save, found, text):
    manager.annotate(save(prompt="this").path, tags=[text])
    manager.annotate(save(prompt="other").path, tags=[f"x{text}", "axb"])
    assert found(tags=(text,)) == ["this"]


def test_a_prompt_of_a_thousand_words_can_be_looked_for(manager, save):
    prompt = " ".join(f"word{number}" for number in range(2000))
    saved = save(prompt=prompt)
    assert manager.find(prompt) == [saved]


def test_an_index_of_an_older_version_is_made_anew(manager, save, outputs, monkeypatch):
    monkeypatch.setattr("medialab.artifacts.index_tables._VERSION", 2)
    saved = save(prompt="a ball")
    assert manager.find("ball") == [saved]
    monkeypatch.undo()
    assert ArtifactManager(outputs).find(Query(checkpoint="paperdoll")) == [saved]


def test_width_and_height_come_with_what_is_found(manager, save):
    save(width=64, height=64)
    assert [(one.width, one.height) for one in manager.find()] == [(64, 64)]


def test_pictures_are_listed_in_the_order_that_is_asked_for(manager, save):
    settings = [("banana", 11, 0), ("Apple", 101, 5), ("cherry", 2, 3)]
    for prompt, seed, stars in settings:
        manager.annotate(save(prompt=prompt, seed=seed).path, stars=stars)

    def listed(order):
        return [one.prompt for one in manager.find(Query(order=order))]

    assert listed("newest") == ["cherry", "Apple", "banana"]
    assert listed("oldest") == ["banana", "Apple", "cherry"]
    assert listed("stars") == ["Apple", "cherry", "banana"]
    assert listed("prompt") == ["Apple", "banana", "cherry"]
    assert listed("name") == ["banana", "Apple", "cherry"]  # their numbers come first
    assert listed("seed") == ["cherry", "banana", "Apple"]
    with pytest.raises(ArtifactError, match="order='best': choose newest, oldest"):
        Query(order="best")


def test_larger_pictures_come_first_by_size(manager, save):
    from PIL import Image

    for side in (32, 128, 64):
        save(Image.new("RGB", (side, side)))
    assert [one.width for one in manager.find(Query(order="size"))] == [128, 64, 32]
