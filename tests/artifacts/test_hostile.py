"""One bad entry never hides the others; each is left out with its reason; indexes are mended."""

import json
import os
import resource
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab import PipelineConfig, Workbench
from medialab.artifacts import ArtifactManager, Sidecar
from medialab.errors import ArtifactError, PictureError
from medialab.files.hashes import HashCache
from tests.examples import examples

NOBODY = 65_534


def reasons(manager):
    return {one.path.name: one.reason for one in manager.left_out()}


@contextmanager
def somebody_else():
    """Rights of a user who owns nothing here; who is not root already has none of root's."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def outputs():
    """Where another user can look, too: pytest's own folders are closed."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder / "outputs"
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def full_disk():
    """No file may grow: every write fails, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def impossible(number):
    """A sidecar whose numbers no picture can have."""

    def write(path):
        content = json.loads(path.read_text())
        content["image"]["width"] = "NUMBER"
        path.write_text(json.dumps(content).replace('"NUMBER"', number))

    return write


def in_place_of(make):
    def write(path):
        path.unlink()
        make(path)

    return write


BAD_SIDECARS = {
    "pipe": in_place_of(os.mkfifo),
    "folder": in_place_of(Path.mkdir),
    "device": in_place_of(lambda path: path.symlink_to("/dev/zero")),
    "loop": in_place_of(lambda path: path.symlink_to(path.name)),
    "empty": lambda path: path.write_bytes(b""),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\0{"),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "list": lambda path: path.write_bytes(b"[1]"),
    "huge": impossible("1" + "0" * 4000),
    "beyond": impossible("1e400"),
    "negative": impossible("-5"),
    "none": impossible("NaN"),
    "half character": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"tags":', b'"tags": ["\\ud800"], "x":')
    ),
}


@pytest.mark.parametrize("spoil", BAD_SIDECARS.values(), ids=BAD_SIDECARS)
def test_a_bad_sidecar_hides_no_other_and_can_be_deleted(manager, save, spoil):
    kept, bad = save(prompt="kept"), save(prompt="bad")
    spoil(bad.sidecar)
    assert manager.find() == [kept]
    assert (manager.count(), manager.rebuild_index()) == (1, 1)
    assert list(reasons(manager)) == [bad.path.name]
    with pytest.raises(ArtifactError):
        Sidecar.read(bad.sidecar)
    manager.delete(bad.path)
    assert reasons(manager) == {}
    assert save().path.exists()


def test_a_picture_that_is_no_file_is_left_out(manager, save):
    kept, bad = save(), save()
    bad.path.unlink()
    os.mkfifo(bad.path)
    assert manager.find() == [kept]
    assert reasons(manager) == {bad.path.name: "it is not a regular file"}
    for work in (manager.load, manager.thumbnail):
        with pytest.raises(ArtifactError, match=r"no file|damaged"):
            work(bad.path)


def test_what_is_named_like_a_day_and_is_none_hides_no_other(manager, save, outputs):
    kept = save()
    (outputs / "2020-01-01").write_text("no folder")
    (outputs / "2020-01-02").symlink_to("2020-01-02")
    os.mkfifo(outputs / "2020-01-03")
    (outputs / "2020-01-04").symlink_to("nowhere")
    again = ArtifactManager(outputs)
    assert again.find() == [kept]
    assert set(reasons(again)) == {f"2020-01-0{day}" for day in range(1, 5)}


@pytest.mark.parametrize("name", [b"00009-a\xff", b"00009-a\nb", b"00009-" + b"9" * 200])
def test_a_strange_name_hides_no_other(manager, save, name):
    kept, other = save(prompt="kept"), save(prompt="other")
    folder = os.fsencode(kept.path.parent)
    other.path.rename(os.fsdecode(folder + b"/" + name + b".png"))
    other.sidecar.rename(os.fsdecode(folder + b"/" + name + b".json"))
    found = manager.find()
    assert kept in found
    assert len(found) + len(manager.left_out()) == 2
    assert manager.find("other") == [one for one in found if one.prompt == "other"]


def test_a_number_beyond_counting_does_not_stop_the_next_picture(save, manager):
    first = save()
    (first.path.parent / ("9" * 240 + "-x.png")).touch()
    assert save().id.endswith("/00002")


def test_another_users_closed_day_hides_no_other(manager, save, outputs):
    kept = save()
    closed = outputs / "2020-01-01"
    closed.mkdir()
    (closed / ".00001.partial").touch()
    closed.chmod(0)
    with somebody_else():
        again = ArtifactManager(outputs)
        assert again.find() == [kept]
        assert reasons(again) == {"2020-01-01": "you have no permission to read the folder"}


def test_a_read_only_folder_can_be_looked_through(manager, save, outputs):
    kept = save(prompt="a red ball")
    manager.find()
    for path in (kept.path.parent, outputs):
        path.chmod(0o555)
    with somebody_else():
        again = ArtifactManager(outputs)
        assert again.find("red") == [kept]
        assert again.find("blue") == []
        assert again.load(kept.path) == manager.load(kept.path)
        assert again.thumbnail(kept.path)
        with pytest.raises(ArtifactError, match="not deleted"):
            again.delete(kept.path)
    assert manager.find() == [kept]


def test_on_a_full_disk_pictures_are_found_looked_at_and_deleted(manager, save, outputs):
    kept, gone = save(prompt="kept"), save(prompt="gone")
    with full_disk():
        again = ArtifactManager(outputs)
        assert again.find() == [gone, kept]
        assert again.thumbnail(gone.path)
        with pytest.raises(ArtifactError, match="not saved"):
            save()
        again.delete(gone.path)
        assert again.find() == [kept]
        assert again.count("kept") == 1
    assert ArtifactManager(outputs).find() == [kept]


COPIED = (
    "INSERT INTO pictures SELECT id, {}, changed, prompt, checkpoint, seed, created, tags, stars,"
    " width, height, steps, sampler, guidance_scale, names, folded, words, settings FROM pictures"
    " LIMIT 1"
)
FOREIGN = [
    COPIED.format("day, 'no.png'"),
    COPIED.format("'2020-01-01', name"),
    "UPDATE pictures SET tags = 'no list'",
    "UPDATE pictures SET tags = '[1]'",
    "UPDATE pictures SET seed = 'seven'",
    "UPDATE pictures SET width = 'wide'",
    "UPDATE pictures SET prompt = x'ff00'",
    "UPDATE pictures SET name = '../../../etc/passwd'",
    "DELETE FROM pictures",
    "DROP TABLE days",
    "ALTER TABLE pictures DROP COLUMN stars",
    "CREATE TABLE other (x); DROP TABLE left_out",
]


@pytest.mark.parametrize("statement", FOREIGN, ids=range(len(FOREIGN)))
def test_an_index_that_somebody_wrote_into_is_mended_by_itself(manager, save, outputs, statement):
    saved = save()
    os.utime(saved.path.parent, ns=(10**18, 10**18))  # so long ago that its time is trusted
    assert manager.find() == [saved]
    with closing(sqlite3.connect(outputs / "index.sqlite")) as connection:
        connection.executescript(statement)
    assert [*ArtifactManager(outputs).table()["seed"]] == [7]
    assert ArtifactManager(outputs).find() == [saved]
    assert ArtifactManager(outputs).count() == 1
    assert manager.choices().checkpoints == {"paperdoll": 1}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.write_bytes(b"x" * 999)])
@pytest.mark.parametrize("name", ["index.sqlite", "hashes.sqlite"])
def test_what_stands_in_an_indexs_place_stops_nothing(tiny_models, save, outputs, name, make):
    saved = save()
    make(outputs / name)
    with Workbench(models=tiny_models, outputs=outputs, device="cpu") as bench:
        assert bench.artifacts.find() == [saved]
        info = bench.registry.find("paperdoll", "checkpoint")
        assert len(bench.registry.sha256(info)) == 64


HASHES = (
    "CREATE TABLE hashes (device TEXT, inode TEXT, size TEXT, mtime_ns TEXT, ctime_ns TEXT,"
    " sha256 TEXT NOT NULL, PRIMARY KEY (device, inode, size, mtime_ns, ctime_ns))"
)


@pytest.mark.parametrize(
    "statements",
    [
        [HASHES, "INSERT INTO hashes VALUES ('a', 'b', 'c', 'd', 'e', 'f')"],
        [HASHES, "INSERT INTO hashes VALUES (1, 2, 3, 4, 5, x'ff')"],
        [HASHES, "INSERT INTO hashes VALUES ('1', '2', '3', '4', '5', 'no hash')"],
        ["CREATE TABLE hashes (x)", "INSERT INTO hashes VALUES (1)"],
        ["CREATE VIEW hashes AS SELECT 1"],
        ["CREATE TABLE other (x)"],
    ],
)
def test_hashes_that_are_none_are_thrown_away_and_the_next_are_kept(tmp_path, statements):
    database, file = tmp_path / "hashes.sqlite", tmp_path / "file"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(";".join(statements))
    file.write_bytes(b"content")
    time.sleep(0.05)  # until its time can be trusted
    digest = HashCache(database).sha256(file)
    with closing(sqlite3.connect(database)) as connection:
        assert (digest,) in connection.execute("SELECT sha256 FROM hashes").fetchall()
    assert HashCache(database).sha256(file) == digest


@pytest.mark.parametrize("kind", ["file", "pipe", "read-only"])
def test_a_workbench_starts_over_whatever_is_called_outputs(tiny_models, outputs, kind):
    if kind == "file":
        outputs.write_text("no folder")
    elif kind == "pipe":
        os.mkfifo(outputs)
    else:
        outputs.mkdir()
        outputs.chmod(0o555)
    with (
        somebody_else(),
        Workbench(models=tiny_models, outputs=outputs, device="cpu") as bench,
    ):
        assert bench.artifacts.find() == []
        assert bench.artifacts.left_out() == []
        with pytest.raises(ArtifactError, match=r"no picture can be saved in .* save=False"):
            bench.submit(PipelineConfig(steps=1))
        with pytest.raises(PictureError, match="cannot be stored"):
            bench.keep(_picture())


def test_outputs_that_lead_to_themselves_are_named(outputs):
    outputs.symlink_to("outputs")
    with pytest.raises(ArtifactError, match=r"cannot be resolved .*; choose another"):
        ArtifactManager(outputs)


def test_a_path_that_no_file_can_have_is_named(manager, save, outputs):
    save()
    (outputs / "loop.png").symlink_to("loop.png")
    for path in ("loop.png", "a\0b.png", "a" * 5000 + ".png", "\ud800.png"):
        with pytest.raises(ArtifactError, match=r"no file|outside|is not a path of a file"):
            manager.load(path)


SIDECAR = Sidecar.model_validate(
    {
        "created": "2026-11-28T10:00:00.000000+00:00",
        "config": {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64},
        "record": {"stages": []},
        "image": {"sha256": "b" * 64, "width": 64, "height": 64},
    }
).encode()


@settings(max_examples=examples(150), derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_whatever_a_sidecar_holds_it_is_read_or_named(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    content = bytearray(SIDECAR)
    values = st.sampled_from(
        [
            b"1e400",
            b"-1",
            b"NaN",
            b"null",
            b"[]",
            b"{}",
            b'"\\ud800"',
            b"9" * 40,
            b'"',
            b"\xff",
            b"true",
        ]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(values | st.binary(max_size=6))
        content[at : at + data.draw(st.integers(0, 8))] = piece
    path.write_bytes(content)
    with suppress(ArtifactError):
        assert Sidecar.read(path).encode()


def _picture():
    from PIL import Image

    return Image.new("RGB", (8, 8), "red")
