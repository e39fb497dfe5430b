"""Tags of pictures and models, renamed and merged everywhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from medialab.artifacts import ArtifactManager, Sidecar
from medialab.artifacts.tagging import Tags
from medialab.errors import ArtifactError
from medialab.loading.registry import ModelRegistry
from tests.artifacts.pictures import CHECKOUT


@pytest.fixture
def registry(tiny_models, outputs):
    return ModelRegistry(tiny_models, hash_cache=outputs.parent / "hashes.sqlite", device="cpu")


@pytest.fixture
def tags(manager, registry):
    return Tags(manager, registry)


def tags_of(artifact):
    return Sidecar.read(artifact.sidecar).tags


def test_pictures_are_tagged_by_path_artifact_table_and_in_lists(tags, manager, save):
    one, two, three = save(), save(), save()
    tags.add(one, "character:Ada", "good")
    tags.add([two.path, str(three.path)], "good")
    tags.add(pd.DataFrame({"path": [str(two.path.relative_to(manager.folder)), None]}), "Good", "x")
    assert tags_of(one) == tags.of(one) == ("character:Ada", "good")
    assert tags_of(two) == ("good", "x")
    tags.remove([one, three], "GOOD", "never")
    assert (tags_of(one), tags_of(three)) == (("character:Ada",), ())
    assert dict(tags) == {"character:Ada": 1, "good": 1, "x": 1}
    assert (tags["GOOD"], "Character:ADA" in tags, "Bo" in tags, len(tags)) == (1, True, False, 3)
    with pytest.raises(KeyError):
        tags["Bo"]


@pytest.mark.parametrize(
    ("things", "why"),
    [
        (7, "7 is no picture and no model"),
        ("no-such.png", "no file no-such.png"),
        (pd.DataFrame({"row": [1]}), "no column 'path'"),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_is_changed(tags, save, things, why):
    one = save()
    with pytest.raises(ArtifactError, match=why):
        tags.add([one, things], "x")
    with pytest.raises(ArtifactError, match="a comma separates"):
        tags.add(one, "good", "a,b")
    assert tags_of(one) == ()


def test_models_keep_their_tags_by_content_and_nothing_is_written_beside_them(
    tags, registry, manager, tmp_path
):
    info = registry.find("paperdoll", "checkpoint")
    before = sorted(registry.folder.rglob("*"))
    tags.add(info, "project:poster")
    assert tags.of(info) == ("project:poster",)
    assert sorted(registry.folder.rglob("*")) == before
    stored = json.loads((manager.folder / "tags" / "models.json").read_text())
    assert stored["models"][registry.sha256(info)] == {
        "name": "paperdoll",
        "kind": "checkpoint",
        "tags": ["project:poster"],
    }
    renamed = ModelRegistry(tmp_path / "elsewhere", device="cpu")
    shutil.copytree(info.path, tmp_path / "elsewhere" / "checkpoints" / "other")
    other = renamed.find("other", "checkpoint")
    assert renamed.sha256(other) == registry.sha256(info)
    assert Tags(manager, renamed).of(other) == ("project:poster",)
    tags.remove(info, "project:poster")
    assert (tags.of(info), len(tags)) == ((), 0)


def test_a_damaged_file_of_model_tags_is_told_and_not_overwritten(tags, registry, manager):
    path = manager.folder / "tags" / "models.json"
    path.parent.mkdir(parents=True)
    info = registry.find("paperdoll", "checkpoint")
    for content, why in (("{", "is damaged"), ('{"schema_version": 99}', "newer version")):
        path.write_text(content)
        with pytest.raises(ArtifactError, match=why):
            tags.add(info, "x")
        assert path.read_text() == content


def test_a_tag_is_renamed_in_pictures_bin_and_models(tags, manager, registry, save):
    one, two, gone = save(), save(), save()
    info = registry.find("paperdoll", "checkpoint")
    tags.add([one, gone, info], "character:ada", "keep")
    tags.add(two, "other")
    manager.delete(gone.path)
    assert tags.rename("Character:Ada", "character: Ada Lovelace") == 3
    assert tags_of(one) == ("character:Ada Lovelace", "keep")
    assert manager.bin()[0].tags == ("character:Ada Lovelace", "keep")
    assert tags.of(info) == ("character:Ada Lovelace", "keep")
    assert tags_of(two) == ("other",)
    assert tags.rename("other", "OTHER") == 1  # capitals alone
    assert tags_of(two) == ("OTHER",)


def test_a_rename_never_merges_and_a_merge_does(tags, save):
    one, two, three = save(), save(), save()
    tags.add(one, "cat", "dog")
    tags.add(two, "kitten")
    tags.add(three, "dog")
    with pytest.raises(ArtifactError, match=r"a tag 'Dog' already, of 2; .*merge") as caught:
        tags.rename("cat", "Dog")
    assert "bench.tags.merge(['cat'], into='Dog')" in str(caught.value)
    with pytest.raises(ArtifactError, match=r"no tag 'kat'; .*Did you mean 'cat'"):
        tags.rename("kat", "x")
    assert tags.merge(["cat", "kitten", "dog"], into="Dog") == 2
    assert [tags_of(each) for each in (one, two, three)] == [("Dog",), ("Dog",), ("dog",)]
    assert dict(tags) == {"Dog": 3}
    with pytest.raises(ArtifactError, match="as a list"):
        tags.merge("Dog", into="x")


def test_a_tag_is_called_by_a_new_name_or_by_anothers(tags, save):
    one, two = save(), save()
    tags.add(one, "cat")
    tags.add(two, "dog")
    assert tags.call("cat", "Cats") == 1
    assert tags.call("cats", "CATS") == 1
    assert tags.call("CATS", "Dog") == 1
    assert (tags_of(one), tags_of(two)) == (("Dog",), ("dog",))


def test_a_rename_that_failed_for_one_picture_goes_on_with_it(tags, manager, save):
    one, two = save(), save()
    tags.add([one, two], "old")
    content = one.sidecar.read_bytes()
    assert len(manager.names("tag:old")) == 2
    os.utime(one.path.parent, ns=(10**18, 10**18))
    manager.count()
    one.sidecar.write_text("{")  # its row is still in the index
    os.utime(one.path.parent, ns=(10**18, 10**18))
    with pytest.raises(ArtifactError, match="1 of 2 pictures not annotated"):
        tags.rename("old", "new")
    one.sidecar.write_bytes(content)
    assert tags_of(two) == ("new",)
    assert tags.rename("old", "new") == 1
    assert tags_of(one) == ("new",)
    with pytest.raises(ArtifactError, match="no tag 'old'"):
        tags.rename("old", "new")  # the change is finished


KILLED = """
import sys
from medialab.artifacts import ArtifactManager
from medialab.artifacts.tagging import Tags
from medialab.loading.registry import ModelRegistry
from pathlib import Path
outputs, models = Path(sys.argv[1]), Path(sys.argv[2])
tags = Tags(ArtifactManager(outputs), ModelRegistry(models, device="cpu"))
print("ready", flush=True)
sys.stdin.readline()
tags.rename("old", "new")
"""


@pytest.mark.parametrize(
    "after",
    [1, pytest.param(0, marks=pytest.mark.thorough), pytest.param(6, marks=pytest.mark.thorough)],
)
def test_a_rename_killed_in_the_middle_is_finished_by_the_same_call(
    tags, manager, registry, save, after
):
    saved = [save() for _ in range(12)]
    info = registry.find("paperdoll", "checkpoint")
    tags.add([*saved, info], "old", "keep")
    command = [sys.executable, "-c", KILLED, str(manager.folder), str(registry.folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        end = time.monotonic() + 60
        while sum("new" in tags_of(one) for one in saved) < after and time.monotonic() < end:
            pass
        process.send_signal(signal.SIGKILL)
    done = sum("new" in tags_of(one) for one in saved)
    assert done >= after
    again = Tags(ArtifactManager(manager.folder), registry)
    if "old" in again:  # on a busy machine it may have come to its end before it was killed
        again.rename("old", "new")
    assert {tags_of(one) for one in saved} == {("new", "keep")}
    assert again.of(info) == ("new", "keep")
    assert dict(again) == {"keep": 13, "new": 13}
    assert not list(manager.folder.rglob("*.partial"))


def test_tags_that_several_give_at_once_are_all_kept(tags, save):
    saved = [save(), save()]
    with ThreadPoolExecutor(6) as several:
        list(several.map(lambda number: tags.add(saved, f"tag {number}"), range(6)))
    for one in saved:
        assert sorted(tags_of(one)) == [f"tag {number}" for number in range(6)]


@pytest.mark.parametrize("given", [5, None])
def test_what_are_no_tags_to_merge_is_named(tags, given):
    with pytest.raises(ArtifactError, match=f"tags={given}: give tags as a list"):
        tags.merge(given, into="good")
