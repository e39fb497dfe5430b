"""Tags of models in their file."""

import json
import threading

import pytest

from medialab.artifacts.model_tags import ModelTags, TaggedModel
from medialab.errors import ArtifactError

ONE, TWO = "a" * 64, "b" * 64


@pytest.fixture
def tags(tmp_path):
    return ModelTags(tmp_path)


def test_a_model_has_its_tags_by_its_hash_and_none_is_no_entry(tags, tmp_path):
    assert (tags.all(), tags.of(ONE), tags.counts()) == ({}, (), {})
    assert not list(tmp_path.iterdir())
    tags.change({ONE: ("lora", "ink"), TWO: ("lora", "night")}, add=["good"])
    tags.change({TWO: ("lora", "night 2")}, add=["dark"], remove=["GOOD"])
    assert tags.all() == {
        ONE: TaggedModel(name="ink", kind="lora", tags=("good",)),
        TWO: TaggedModel(name="night 2", kind="lora", tags=("dark",)),
    }
    assert tags.counts() == {"good": 1, "dark": 1}
    tags.change({ONE: ("lora", "ink")}, remove=["good"])
    assert [*json.loads((tmp_path / "tags" / "models.json").read_text())["models"]] == [TWO]


def test_tags_are_replaced_in_every_model(tags):
    assert tags.replace(str.upper) == 0
    tags.change({ONE: ("lora", "ink")}, add=["good", "GREAT"])
    tags.change({TWO: ("lora", "night")}, add=["GREAT"])
    assert tags.replace(str.upper) == 1
    assert tags.of(ONE) == ("GOOD", "GREAT")


def test_many_writers_lose_nothing(tags, tmp_path):
    def write(number):
        ModelTags(tmp_path).change({ONE: ("lora", "ink")}, add=[f"tag {number}"])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(tags.of(ONE)) == [f"tag {number}" for number in range(8)]


def test_what_cannot_be_written_is_told(tags, tmp_path):
    (tmp_path / "tags").write_text("in the folder's place")
    with pytest.raises(ArtifactError, match=r"cannot be written to .*tags"):
        tags.change({ONE: ("lora", "ink")}, add=["x"])


def test_an_editors_mark_before_the_text_is_passed_over(tags, tmp_path):
    tags.change({ONE: ("lora", "ink")}, add=["good"])
    path = tmp_path / "tags" / "models.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert tags.of(ONE) == ("good",)
    tags.change({ONE: ("lora", "ink")}, add=["dark"])
    assert tags.of(ONE) == ("good", "dark")
