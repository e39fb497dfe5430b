"""The bin: nothing that is deleted is lost until the bin is emptied."""

import json
import os
import random
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medialab.artifacts import ArtifactManager, deleted
from medialab.artifacts.needed import pictures_needed
from medialab.errors import ArtifactError
from tests.artifacts.pictures import CHECKOUT, config, image


def content(outputs):
    """Every file of the outputs folder but the indexes and thumbnails, with its bytes."""
    found = (path for path in outputs.rglob("*") if path.is_file())
    return {
        path.relative_to(outputs).as_posix(): path.read_bytes()
        for path in found
        if not path.name.startswith("index.sqlite") and "thumbnails" not in path.parts
    }


def test_a_restored_picture_is_where_and_what_it_was(manager, save, outputs):
    kept, gone = save(prompt="kept"), save(prompt="gone")
    before = content(outputs)
    small = manager.thumbnail(gone.path)
    there = manager.delete(gone.path)
    assert manager.find() == [kept]
    assert there == outputs / "bin" / gone.path.parent.name / gone.path.name
    assert sorted(content(outputs).values()) == sorted(before.values())
    (binned,) = manager.bin()
    assert (binned.path, binned.prompt, binned.id) == (there, "gone", gone.id)
    assert (manager.count_bin(), manager.count_bin("kept")) == (1, 0)
    assert manager.load(there) == manager.load(kept.path).changed(prompt="gone")
    assert manager.thumbnail(there) == small
    assert manager.restore(there) == gone
    assert content(outputs) == before
    assert (manager.bin(), manager.find()) == ([], [gone, kept])
    assert manager.thumbnail(gone.path) == small


def test_deleted_pictures_are_listed_and_looked_up_by_their_names(manager, save):
    kept = save(prompt="kept")
    paths = [manager.delete(save(prompt=f"gone {number}").path) for number in range(2)]
    names = manager.names_in_bin("gone")
    assert names == [str(path.relative_to(manager.folder)) for path in reversed(paths)]
    found = manager.look_up([names[1], *manager.names()])
    assert [one.path for one in found] == [kept.path, paths[0]]
    manager.empty_bin()
    assert (manager.names_in_bin(), manager.look_up(names)) == ([], [])


def test_a_picture_can_be_restored_into_a_day_that_is_gone(manager, save):
    gone = save()
    there = manager.delete(gone.path)
    gone.path.parent.rmdir()
    assert manager.restore(there.relative_to(manager.folder)) == gone


def test_a_picture_without_a_sidecar_goes_and_comes_back(manager, save):
    gone = save()
    gone.sidecar.unlink()
    there = manager.delete(gone.path)
    assert not gone.path.exists()
    assert manager.restore(there) is None
    assert gone.path.exists()


def test_what_is_in_the_bin_is_not_overwritten_by_another_of_its_name(manager, save):
    first = save(prompt="same", image=Image.new("RGB", (64, 64), "red"))
    copies = {path: path.read_bytes() for path in (first.path, first.sidecar)}
    one = manager.delete(first.path)
    for path, copy in copies.items():
        path.write_bytes(copy)  # the user has brought it back from elsewhere
    other = manager.delete(first.path)
    assert one.exists()
    assert other.name == one.name.replace(".png", "-2.png")
    assert len(manager.bin()) == 2
    manager.restore(one)
    assert first.path.exists()


def test_what_is_in_the_way_stays(manager, save):
    gone = save()
    there = manager.delete(gone.path)
    gone.path.write_bytes(b"mine")
    with pytest.raises(ArtifactError, match=rf"{gone.path.name} exists; rename or move it"):
        manager.restore(there)
    assert gone.path.read_bytes() == b"mine"
    assert len(manager.bin()) == 1


def test_only_what_was_deleted_long_enough_ago_is_removed(manager, save, monkeypatch):
    old, new = manager.delete(save().path), manager.delete(save().path)
    ages = {old: 40, new: 2}
    real = deleted._deleted_at
    monkeypatch.setattr(
        deleted, "_deleted_at", lambda path: real(path) - timedelta(days=ages[path]).total_seconds()
    )
    assert manager.empty_bin(timedelta(days=30)) == 1
    assert [one.path for one in manager.bin()] == [new]
    assert manager.empty_bin(timedelta(days=30)) == 0


def test_a_picture_made_long_ago_counts_from_its_deletion(manager, save):
    saved = save()
    for path in (saved.path, saved.sidecar):
        os.utime(path, (0, 0))
    manager.delete(saved.path)
    assert manager.empty_bin(timedelta(minutes=1)) == 0
    assert manager.empty_bin(timedelta()) == 1


def test_chosen_pictures_are_removed_and_the_others_stay(manager, save):
    paths = [manager.delete(save().path) for _ in range(3)]
    assert manager.empty_bin(only=[paths[1]]) == 1
    assert sorted(one.path for one in manager.bin()) == [paths[0], paths[2]]
    assert not paths[1].with_suffix(".json").exists()
    kept = save()
    assert manager.empty_bin(only=[kept.path]) == 0  # it is not in the bin
    assert kept.path.exists()


def test_an_empty_bin_is_emptied_and_looked_through(manager, outputs):
    assert (manager.bin(), manager.count_bin(), manager.empty_bin()) == ([], 0, 0)
    assert not outputs.exists()


def test_deleted_twice_and_restored_twice_is_told(manager, save):
    saved = save()
    there = manager.delete(saved.path)
    with pytest.raises(ArtifactError, match="is in the bin already"):
        manager.delete(there)
    manager.restore(there)
    with pytest.raises(ArtifactError, match="no file"):
        manager.restore(there)
    with pytest.raises(ArtifactError, match="is not in the bin"):
        manager.restore(saved.path)


@pytest.mark.parametrize("link", ["bin", "day"])
def test_nothing_leaves_the_outputs_folder_through_a_link(manager, save, outputs, tmp_path, link):
    saved = save()
    place = outputs / "bin" if link == "bin" else outputs / "bin" / saved.path.parent.name
    place.parent.mkdir(exist_ok=True)
    (tmp_path / "elsewhere").mkdir()
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match=r"not deleted: .* is a link"):
        manager.delete(saved.path)
    assert manager.find() == [saved]
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()] == []


def test_a_deleted_pictures_inputs_are_kept(manager, save, outputs):
    saved = save()
    name = "e" * 64
    whole = json.loads(saved.sidecar.read_text())
    whole["config"]["image"] = name
    saved.sidecar.write_text(json.dumps(whole))
    manager.delete(saved.path)
    assert name in pictures_needed(outputs)


PROGRAM = """
import os, signal, sys
from medialab.artifacts import ArtifactManager, deleted, publishing, reservations
left = int(sys.argv[2])
real = reservations.rename
def counted(*arguments):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    real(*arguments)
deleted.rename = publishing.rename = counted
manager = ArtifactManager(sys.argv[1])
for name in sys.argv[3:]:
    manager.delete(name) if not name.startswith("bin/") else manager.restore(name)
"""


@pytest.mark.thorough
@settings(max_examples=6, derandomize=True, deadline=None, database=None)
@given(stop=st.integers(0, 9), seed=st.integers(0, 99))
def test_killed_at_any_rename_every_picture_is_whole_in_one_place(stop, seed, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("killed") / "outputs"
    manager = ArtifactManager(outputs)
    saved = [manager.save(image(), config(seed=number), {}) for number in range(4)]
    binned = [manager.delete(one.path) for one in saved[:2]]
    names = [str(path.relative_to(outputs)) for path in binned]
    names += [f"{one.path.parent.name}/{one.path.name}" for one in saved[2:]]
    random.Random(seed).shuffle(names)
    command = [sys.executable, "-c", PROGRAM, str(outputs), str(stop), *names]
    code = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    assert code in (0, -signal.SIGKILL)
    ArtifactManager(outputs)  # sweeps
    pictures = [path for path in outputs.rglob("*.png") if "thumbnails" not in path.parts]
    assert sorted(path.name for path in pictures) == sorted(one.path.name for one in saved)
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
        assert path.with_suffix(".json").is_file()
    assert len(list(outputs.rglob("*.json"))) == len(saved)
    again = ArtifactManager(outputs)
    assert len(again.find()) + len(again.bin()) == len(saved)
    assert not list(outputs.rglob("*.partial"))
