"""What lies in the folder of a day: pairs of ours, and what is left out."""

import os
import time

from PIL import PngImagePlugin

from medialab.artifacts import Artifact, ArtifactManager
from tests.artifacts.pictures import config, image


def test_pictures_that_come_and_go_by_hand_are_seen(manager, outputs):
    first, second = (manager.save(image(), config(), {}) for _ in range(2))
    assert len(manager.find()) == 2
    first.path.unlink()
    assert manager.find() == [second]
    other = outputs / "2020-01-01"
    other.mkdir()
    for path in (second.path, second.sidecar):
        (other / path.name).write_bytes(path.read_bytes())
    assert {found.id for found in manager.find()} == {second.id, "2020-01-01/00002"}
    for path in [*other.iterdir()]:
        path.unlink()
    other.rmdir()
    assert manager.find() == [second]


def test_one_unreadable_sidecar_does_not_hide_the_others(manager):
    good, bad = (manager.save(image(), config(), {}) for _ in range(2))
    bad.sidecar.write_text("{")
    assert manager.find() == [good]


def test_a_settled_folder_is_not_listed_again(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    long_ago = time.time() - 60
    os.utime(saved.path.parent, (long_ago, long_ago))
    assert manager.find() == [saved]
    monkeypatch.setattr(manager._index, "_follow_day", None)
    assert manager.find() == [saved]


def test_foreign_files_are_passed_over(manager, outputs):
    saved = manager.save(image(), config(), {})
    (outputs / "README.md").write_text("mine")
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat\nSteps: 3, Seed: 4, Size: 64x64")
    image().save(saved.path.parent / "holiday.png", pnginfo=text)
    (saved.path.parent / "notes.partial").write_text("mine")
    ArtifactManager(outputs)
    assert manager.find() == [saved]
    assert isinstance(manager.find()[0], Artifact)
    assert manager.load(saved.path.parent / "holiday.png").steps == 3
    assert (saved.path.parent / "notes.partial").exists()


def test_a_copy_beside_its_picture_is_found_too(manager):
    saved = manager.save(image(), config(prompt="a cat"), {})
    for suffix in (".png", ".json"):
        original = saved.path.with_suffix(suffix)
        (original.parent / f"{original.stem}-copy{suffix}").write_bytes(original.read_bytes())
    assert len(manager.find("cat")) == 2
