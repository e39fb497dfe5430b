"""A folder of kinds yields what may be a model, and says what it looked through."""

from medialab.listing.places import studio_folder
from tests.tiny.headers import write_lora


def test_every_candidate_has_the_folders_that_it_lies_in(root):
    paths = [
        write_lora(root / "loras" / way / "ink.safetensors") for way in (".", "a", "a/b c", "d.e")
    ]
    entered = {}
    found = list(studio_folder(root, "mine").candidates("lora", entered))
    assert sorted(one.path for one in found) == sorted(path.resolve() for path in paths)
    assert sorted(one.folders for one in found) == ["mine", "mine/a", "mine/a/b c", "mine/d.e"]
    assert {one.folders for one in studio_folder(root).candidates("lora", {})} == {
        "",
        "a",
        "a/b c",
        "d.e",
    }
    assert set(entered) == {path.parent.resolve() for path in paths}
    assert list(studio_folder(root).candidates("vae", {})) == []
