"""What an earlier process has left unfinished is listed, and gone on with."""

import pytest

from medialab.errors import RemoteNotFoundError
from medialab.files.hashes import HashCache
from medialab.remote import patience
from medialab.remote.downloads import Downloads
from medialab.remote.parts import facts_of
from medialab.remote.unfinished import find_unfinished
from tests.remote.civitai_server import cut_after, held_after, lora

SECONDS = 30
BIG = lora(5, rank=1000)


@pytest.fixture
def left(server, civitai, downloads, models, monkeypatch):
    """A download that was cut after 100,000 bytes; a later process sees only the folder."""
    monkeypatch.setattr(patience, "CUT_WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setenv("MEDIALAB_CIVITAI_URL", server.url)
    server.add_model("Ink", content=BIG)
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 4]
    assert downloads.start(civitai.version("100")).wait(SECONDS).state == "failed"
    server.storage.faults.clear()
    server.storage.requests.clear()
    queue = Downloads(models, HashCache())
    yield queue
    queue.close()


def test_it_is_listed_and_continued(left, server, models):
    (one,) = left.unfinished()
    assert (one.name, one.kind, one.done, one.total) == (
        "Ink.safetensors",
        "lora",
        100_000,
        len(BIG),
    )
    assert left.start(one).result(SECONDS).read_bytes() == BIG
    assert server.storage.requests[0].headers["Range"] == "bytes=100000-"
    assert left.unfinished() == []


def test_what_goes_on_is_not_among_them(left, server, gate):
    (one,) = left.unfinished()
    server.storage.faults = [held_after(1000, gate)]
    download = left.start(one)
    assert left.unfinished() == []
    gate.set()
    download.result(SECONDS)


def test_what_the_source_has_no_longer_is_told(left, server):
    (one,) = left.unfinished()
    server.models[1]["modelVersions"][0]["files"] = []
    with pytest.raises(RemoteNotFoundError, match="CivitAI has this file no longer"):
        left.start(one)
    server.models.clear()
    with pytest.raises(RemoteNotFoundError, match="Model not found"):
        left.start(one)


def test_parts_of_other_programs_are_not_among_them(models):
    (models / "loras").mkdir()
    (models / "loras" / "browser.part").write_bytes(b"x")
    (models / "loras" / ".folder.part").mkdir()
    (models / "loras" / "odd.part").write_bytes(b"x")
    (models / "loras" / "odd.part.json").write_text('{"version": 1, "source": 3}')
    assert find_unfinished(models) == []
    assert find_unfinished(models / "gone") == []


def test_one_that_cannot_be_looked_at_hides_no_other(left, models):
    (one,) = left.unfinished()
    bad = one.path.with_name(f"A{one.path.name}")
    facts_of(bad).write_bytes(facts_of(one.path).read_bytes())
    bad.symlink_to(bad.name)
    assert left.unfinished() == [one]


def test_a_part_that_a_kill_left_beside_its_model_is_finished_by_the_next_try(left, models, server):
    (one,) = left.unfinished()
    facts = facts_of(one.path).read_bytes()
    path = left.start(one).result(SECONDS)
    one.path.hardlink_to(path)  # killed between the model's new name and the end of the old one
    facts_of(one.path).write_bytes(facts)
    assert [again.path for again in left.unfinished()] == [one.path]
    assert left.start(left.unfinished()[0]).result(SECONDS) == path
    assert left.unfinished() == []
    assert path.read_bytes() == BIG
    assert not [name for name in path.parent.iterdir() if ".part" in name.name]
