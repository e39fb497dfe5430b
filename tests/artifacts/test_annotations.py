"""Tags and stars are written into sidecars, of one picture or many, and found."""

import errno
import os

import pytest

from medialab.artifacts import Sidecar
from medialab.errors import ArtifactError
from tests.artifacts.pictures import config, files, image


def test_tags_and_stars_are_kept_in_the_sidecar_and_found(manager):
    saved = manager.save(image(), config(prompt="a ball"), {"kept": 1})
    assert manager.find("holiday") == []
    tagged = manager.annotate(saved.path, tags=["Holiday", "blue sea"], stars=4)
    assert manager.find("holiday sea") == [tagged]
    assert (tagged.tags, tagged.stars) == (("Holiday", "blue sea"), 4)
    assert manager.annotate(saved.path, stars=0).tags == tagged.tags
    assert Sidecar.read(saved.sidecar).record == {"kept": 1}
    assert manager.load(saved.path) == config(prompt="a ball")


def test_a_failed_annotation_leaves_the_sidecar_as_it_was(manager, outputs, monkeypatch):
    saved = manager.save(image(), config(), {})
    before = saved.sidecar.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(ArtifactError, match="not annotated: the disk is full"):
        manager.annotate(saved.path, stars=1)
    assert saved.sidecar.read_bytes() == before
    assert files(outputs, ".*") == []


def test_a_renamed_picture_can_still_be_annotated(manager):
    saved = manager.save(image(), config(), {})
    for path in (saved.path, saved.sidecar):
        path.rename(path.with_stem("best"))
    assert manager.annotate(saved.path.with_stem("best"), stars=5).stars == 5


def test_many_are_tagged_at_once(manager, save):
    saved = [save() for _ in range(3)]
    manager.annotate(saved[0].path, tags=["Old", "keep"], stars=2)
    changed = manager.annotate_all(
        [one.path for one in saved], add_tags=["new", "KEEP "], remove_tags=["old"]
    )
    assert [one.tags for one in changed] == [("keep", "new"), ("new", "KEEP"), ("new", "KEEP")]
    assert [one.stars for one in changed] == [2, 0, 0]
    assert manager.annotate_all([saved[1].path], stars=5)[0].stars == 5
    assert sorted(manager.choices().tags) == ["KEEP", "new"]  # as most have it


def test_one_that_cannot_be_annotated_does_not_keep_the_others_from_it(manager, save):
    bad, good = save(), save()
    bad.sidecar.unlink()
    with pytest.raises(ArtifactError, match=r"1 of 2 pictures not annotated: .*sidecar"):
        manager.annotate_all([bad.path, good.path], add_tags=["x"])
    assert manager.find()[0].tags == ("x",)
    with pytest.raises(ArtifactError, match="stars=9: choose 0 to 5"):
        manager.annotate_all([good.path], stars=9)


def test_nothing_is_written_where_nothing_is_new(manager, save):
    saved = save()
    before = saved.sidecar.stat().st_ino
    manager.annotate_all([saved.path], remove_tags=["x"])
    assert saved.sidecar.stat().st_ino == before
    assert not list(saved.path.parent.glob(".*"))


@pytest.mark.parametrize("tags", ["poster", [5], [None], [["poster"]], 7, None])
def test_tags_to_remove_that_are_none_are_refused_and_nothing_is_changed(manager, tags):
    saved = manager.save(image(), config(), {})
    manager.annotate(saved.path, tags=["poster", "p", "5"])
    with pytest.raises(ArtifactError, match="tag"):
        manager.annotate_all([saved.path], remove_tags=tags)
    assert Sidecar.read(saved.sidecar).tags == ("poster", "p", "5")
