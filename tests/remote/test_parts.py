"""A part is locked while it is written, and known by what it is a part of."""

import json
import os

import pytest

from medialab.errors import DownloadError
from medialab.remote.civitai import CivitAI
from medialab.remote.listings import RemoteFile
from medialab.remote.parts import facts_of, is_part_of, part_of, read_facts

NAME = "ink.safetensors"


def listed(key="1", **facts):
    return RemoteFile(CivitAI(), key, "9", NAME, size_bytes=10, **facts)


def written(folder, content=b"half", file=None):
    with part_of(folder, NAME, file or listed()) as part:
        part.begin({"etag": '"a"', "name": NAME})
        part.write(content)
    return part.path


def test_what_was_written_is_there_again_with_its_facts(tmp_path):
    path = written(tmp_path)
    assert path == tmp_path / "ink.safetensors.part"
    with part_of(tmp_path, NAME, listed()) as part:
        assert (part.size, part.facts["etag"]) == (4, '"a"')
        assert b"".join(part.pieces(3)) == b"half"
        part.write(b" and more")
    assert path.read_bytes() == b"half and more"


def test_the_part_of_another_file_stays_and_this_one_is_numbered(tmp_path):
    other = written(tmp_path)
    for file in (listed("2"), listed(hashes={"sha256": "a" * 64})):
        with part_of(tmp_path, NAME, file) as part:
            assert part.path.name == "ink-2.safetensors.part"
            assert part.facts == {}
    assert other.read_bytes() == b"half"


def test_an_empty_part_is_deleted_when_it_is_closed(tmp_path):
    written(tmp_path, b"")
    assert list(tmp_path.iterdir()) == []
    with part_of(tmp_path, NAME, listed()) as part:
        part.write(b"x")
        part.discard()
    assert list(tmp_path.iterdir()) == []


def test_only_one_writes_a_part_at_a_time(tmp_path):
    with part_of(tmp_path, NAME, listed()) as part:
        part.begin({})
        with (
            pytest.raises(DownloadError, match="being downloaded by another program"),
            part_of(tmp_path, NAME, listed()),
        ):
            pass
        part.write(b"x")
    with part_of(tmp_path, NAME, listed()) as part:
        assert part.size == 1


def test_a_placed_part_leaves_no_facts(tmp_path):
    with part_of(tmp_path, NAME, listed()) as part:
        part.begin({})
        part.write(b"whole")
        assert part.place(lambda path: path.rename(tmp_path / NAME)) == tmp_path / NAME
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"version": 2}', "[" * 50_000, ""])
def test_facts_that_cannot_be_read_are_none_and_the_part_stays(tmp_path, content):
    path = written(tmp_path)
    facts_of(path).write_text(content)
    assert read_facts(path) == {}
    with part_of(tmp_path, NAME, listed()) as part:
        assert part.path.name == "ink-2.safetensors.part"
    assert path.read_bytes() == b"half"


def test_facts_name_the_file_and_no_address(tmp_path):
    path = written(tmp_path, file=listed(url="https://civitai.com/x?token=k3y"))
    facts = json.loads(facts_of(path).read_text())
    assert facts["source"] == "civitai"
    assert "http" not in json.dumps(facts)
    assert is_part_of(facts, listed())
    assert not is_part_of(facts, listed("2"))
    assert not is_part_of({}, listed())


def test_a_link_in_place_of_a_part_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    (tmp_path / "ink.safetensors.part").symlink_to(outside)
    with part_of(tmp_path, NAME, listed()) as part:
        assert part.path.name == "ink-2.safetensors.part"
    assert not outside.exists()


def test_a_pipe_in_place_of_a_part_is_refused(tmp_path):
    os.mkfifo(tmp_path / "ink.safetensors.part")
    with (
        pytest.raises(DownloadError, match="is not a file; move it away"),
        part_of(tmp_path, NAME, listed()),
    ):
        pass


def test_a_part_that_is_a_models_second_name_is_not_written(tmp_path):
    part = written(tmp_path, b"the whole model")
    os.link(part, tmp_path / NAME)  # killed between the two steps of `put`
    with part_of(tmp_path, NAME, listed()) as again:
        assert again.size == 0
        again.begin({})
        again.write(b"x")
        again.discard()
    assert (tmp_path / NAME).read_bytes() == b"the whole model"
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_facts_without_their_part_do_not_take_its_name(tmp_path):
    path = written(tmp_path)
    path.unlink()
    with part_of(tmp_path, NAME, listed("2")) as part:
        assert part.path == path
        part.begin({})
        part.write(b"x")
    assert is_part_of(read_facts(path), listed("2"))
