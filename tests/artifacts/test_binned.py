"""A picture goes to the bin with its sidecar, or not at all, and comes back as it was."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, deleted, publishing, reservations
from medialab.errors import ArtifactError

CHECKOUT = Path(__file__).parents[2]


def files(outputs):
    """The names of all files outside the bin."""
    found = (path for path in outputs.rglob("*") if path.is_file())
    kept = (path.name for path in found if "bin" not in path.relative_to(outputs).parts)
    return sorted(name for name in kept if not name.startswith("index.sqlite"))


@pytest.mark.parametrize("named_by", ["path", "sidecar"])
def test_picture_sidecar_thumbnail_and_row_go_together(manager, save, outputs, named_by):
    kept, gone = save(prompt="kept"), save(prompt="gone")
    for one in (kept, gone):
        manager.thumbnail(one.path)
    assert manager.count() == 2
    manager.delete(getattr(gone, named_by))
    assert manager.find() == [kept]
    assert files(outputs) == sorted([kept.path.name, kept.sidecar.name, f"{kept.path.name}.webp"])


def test_a_picture_without_a_sidecar_can_be_deleted(manager, save, outputs):
    saved = save()
    saved.sidecar.unlink()
    manager.delete(saved.path)
    assert files(outputs) == []


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("is_done", [True, False])
def test_a_deletion_that_fails_leaves_both_as_they_were(
    manager, save, outputs, monkeypatch, call, is_done
):
    saved = save()
    before = {path: path.read_bytes() for path in (saved.path, saved.sidecar)}
    calls = []
    real = deleted.rename

    def fail(source, target):
        calls.append(source)
        if len(calls) < call or is_done:
            real(source, target)
        if len(calls) == call:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(deleted, "rename", fail)
    with pytest.raises(ArtifactError, match=f"{saved.path.name} not deleted: Input/output error"):
        manager.delete(saved.path)
    assert {path: path.read_bytes() for path in before} == before
    assert files(outputs) == sorted(path.name for path in before)
    assert manager.find() == [saved]


@pytest.mark.parametrize("stop", [1, 2])
def test_a_deletion_that_is_killed_is_finished_by_the_next_start(manager, save, outputs, stop):
    kept, gone = save(prompt="kept"), save(prompt="gone")
    program = f"""
import os, signal, sys
from medialab.artifacts import ArtifactManager, deleted, publishing
done = 0
real = deleted.rename
def counted(*arguments):
    global done
    real(*arguments)
    done += 1
    if done == {stop}:
        os.kill(os.getpid(), signal.SIGKILL)
deleted.rename = counted
ArtifactManager(sys.argv[1]).delete(sys.argv[2])
"""
    arguments = [sys.executable, "-c", program, str(outputs), str(gone.path)]
    assert subprocess.run(arguments, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
    assert manager.find() == [kept]  # before the sweep, too
    again = ArtifactManager(outputs)
    assert again.find() == [kept]
    assert files(outputs) == sorted([kept.path.name, kept.sidecar.name])
    (binned,) = again.bin()
    assert again.restore(binned.path) == gone


def test_a_picture_that_another_process_is_annotating_is_not_deleted(manager, save, monkeypatch):
    monkeypatch.setattr(reservations, "PATIENCE", 0.02)
    saved = save()
    with (
        publishing.replacing(saved.sidecar),
        pytest.raises(ArtifactError, match=r"not deleted: .* another process; try again"),
    ):
        manager.delete(saved.path)
    assert manager.find() == [saved]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../elsewhere.png", "outside the outputs folder"),
        ("no.png", "no file no.png"),
        ("index.sqlite", "not a picture of this studio"),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(manager, save, tmp_path, path, message):
    Image.new("RGB", (8, 8)).save(tmp_path / "elsewhere.png")
    save()
    manager.find()
    with pytest.raises(ArtifactError, match=message):
        manager.delete(path)
    assert (tmp_path / "elsewhere.png").exists()
    assert manager.count() == 1
