"""What lies in the folder of a day: pairs of ours, and what is left out."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PIL import PngImagePlugin

from medialab.artifacts import Artifact, ArtifactManager
from medialab.artifacts.days import PICTURES, pairs_in
from tests.artifacts.pictures import config, image


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


THINGS = {
    "file": Path.touch,
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path.name),
    "link to a file": lambda path: path.symlink_to(__file__),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
}
NAMES = st.sampled_from(["1-a", "1-a.b", "1-a..", "2-é", "2-\udcff", ".3-hidden"])
SUFFIXES = st.sampled_from([*PICTURES, ".json", ".JSON", ".jpeg", ""])


@given(there=st.dictionaries(st.tuples(NAMES, SUFFIXES), st.sampled_from([*THINGS]), max_size=9))
def test_a_sidecar_and_the_first_picture_of_its_name_are_a_pair_or_left_out(there):
    with tempfile.TemporaryDirectory() as folder:
        day = Path(folder)
        for (name, suffix), thing in there.items():
            THINGS[thing](day / f"{name}{suffix}")
        firsts = {
            name: next((one for one in PICTURES if (name, one) in there), None)
            for name, suffix in there
            if suffix == ".json" and not name.startswith(".")
        }
        expected = {
            f"{name}{suffix}": there[name, suffix] in {"file", "link to a file"}
            and "\udcff" not in name
            for name, suffix in firsts.items()
            if suffix
        }
        pairs, left_out = pairs_in(day)
        assert {one.name for one in pairs} == {
            name for name, is_pair in expected.items() if is_pair
        }
        assert {one.picture for one in pairs} == {day / one.name for one in pairs}
        assert {one.path.name for one in left_out} == expected.keys() - {one.name for one in pairs}


def test_no_picture_is_looked_at_to_follow_a_day(manager, monkeypatch):
    """A search after each save of thousands of pictures a day must not look at each of them."""
    saved = [manager.save(image(), config(), {}) for _ in range(3)]
    assert len(manager.find()) == 3
    looked_at = []
    stat = Path.stat

    def noted(self, **how):
        looked_at.append(self.name)
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", noted)
    assert len(manager.find()) == 3
    assert not {one.path.name for one in saved} & set(looked_at)
