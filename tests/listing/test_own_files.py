"""A model is renamed, binned and restored with its notes; another program's is never touched."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from medialab.errors import ModelMoveError
from medialab.files.hashes import Stamp
from medialab.listing.own_files import ModelBin, rename_model
from medialab.loading.registry import ModelRegistry

BESIDE = (".json", ".civitai.info", ".preview.png", ".sha256", ".png", ".yaml")


def write_model(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights of " + path.stem.encode())
    for ending in BESIDE:
        path.with_name(path.stem + ending).write_text(json.dumps({"of": path.stem}))


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    write_model(folder / "loras" / "styles" / "ink.v2.safetensors")
    (folder / "loras" / "other.safetensors").write_bytes(b"other")
    return folder


@pytest.fixture
def bin_(models):
    return ModelBin(models)


def info_of(folder: Path, name: str):
    return next(one for one in ModelRegistry(folder).models("lora") if one.path.stem == name)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_files_of_a_model_get_the_new_name(models):
    before = files_in(models)
    path = rename_model(info_of(models, "ink.v2"), " 墨 brush.v3 ")
    assert path == models.resolve() / "loras" / "styles" / "墨 brush.v3.safetensors"
    assert files_in(models) == {
        name.replace("ink.v2", "墨 brush.v3"): content for name, content in before.items()
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "..",
        ".hidden",
        "ends.",
        "a/b",
        "a\\b",
        "a:b",
        "a>b",
        "a\nb",
        "a\x00b",
        "nul",
        "COM1.v2",
        "x" * 201,
        "é" * 101,
        "right\u202eleft",
        "other",
        "OTHER",
    ],
)
def test_a_name_that_no_file_should_have_changes_nothing(models, name):
    (models / "loras" / "styles" / "other.ckpt").write_bytes(b"taken")
    before = files_in(models)
    with pytest.raises(ModelMoveError):
        rename_model(info_of(models, "ink.v2"), name)
    assert files_in(models) == before


def test_other_capitals_are_another_name(models):
    rename_model(info_of(models, "ink.v2"), "INK.v2")
    assert (models / "loras" / "styles" / "INK.v2.safetensors").exists()


def test_a_file_in_the_way_is_named_and_nothing_is_moved(models):
    (models / "loras" / "styles" / "new.preview.png").write_bytes(b"someone's")
    before = files_in(models)
    with pytest.raises(ModelMoveError, match=r"new\.preview\.png"):
        rename_model(info_of(models, "ink.v2"), "new")
    assert files_in(models) == before


def test_a_rename_that_was_killed_goes_on(models):
    folder = models / "loras" / "styles"
    before = files_in(models)
    for ending in BESIDE[:3]:
        (folder / f"ink.v2{ending}").rename(folder / f"new{ending}")
    rename_model(info_of(models, "ink.v2"), "new")
    assert files_in(models) == {n.replace("ink.v2", "new"): b for n, b in before.items()}


def test_notes_of_two_models_stay_with_both(models):
    folder = models / "loras" / "styles"
    (folder / "ink.v2.ckpt").write_bytes(b"a pickle of that name")
    before = files_in(models)
    rename_model(info_of(models, "ink.v2"), "new")
    after = files_in(models)
    assert after["loras/styles/new.json"] == after["loras/styles/ink.v2.json"]
    assert set(before) - set(after) == {"loras/styles/ink.v2.safetensors"}


def test_a_model_in_the_bin_is_no_model_and_comes_back_whole(models, bin_):
    before = files_in(models)
    binned = bin_.put(info_of(models, "ink.v2"))
    assert (binned.kind, binned.name) == ("lora", "styles/ink.v2")
    assert binned.size_bytes == len(b"weights of ink.v2")
    assert [one.path.stem for one in ModelRegistry(models).models("lora")] == ["other"]
    assert bin_.all() == [binned]
    assert bin_.restore(binned).is_relative_to(models.resolve() / "loras" / "styles")
    assert files_in(models) == before
    assert bin_.all() == []


def test_two_models_of_one_name_lie_in_the_bin_side_by_side(models, bin_):
    first = bin_.put(info_of(models, "ink.v2"))
    write_model(models / "loras" / "styles" / "ink.v2.safetensors")
    second = bin_.put(info_of(models, "ink.v2"))
    assert [one.name for one in bin_.all()] == ["styles/ink.v2", "styles/ink.v2-2"]
    assert bin_.empty([first]) == 1
    assert bin_.all() == [second]
    assert bin_.empty() == 1
    assert files_in(models / "bin") == {}


def test_nothing_is_restored_over_a_model(models, bin_):
    binned = bin_.put(info_of(models, "ink.v2"))
    write_model(models / "loras" / "styles" / "ink.v2.safetensors")
    before = files_in(models)
    with pytest.raises(ModelMoveError, match="already"):
        bin_.restore(binned)
    assert files_in(models) == before


def test_a_renamed_or_binned_file_is_not_read_again(models):
    registry = ModelRegistry(models)
    info = info_of(models, "ink.v2")
    digests = registry.hashes.digests(info.path)
    path = rename_model(info, "new", registry.hashes)
    assert registry.hashes.known_digests(path) == digests
    bin_ = ModelBin(models, registry.hashes)
    binned = bin_.put(replace(info, path=path))
    assert registry.hashes.known_digests(bin_.restore(binned)) == digests


def test_a_file_that_was_also_changed_is_read_again(models):
    registry = ModelRegistry(models)
    info = info_of(models, "ink.v2")
    before = Stamp.of(info.path.stat())
    registry.hashes.digests(info.path)
    info.path.write_bytes(b"other weights, of another size")
    path = rename_model(info, "new")
    registry.hashes.moved(before, path)
    assert registry.hashes.known_digests(path) is None


def test_a_folder_of_diffusers_is_renamed_and_binned_whole(models, bin_):
    folder = models / "checkpoints" / "doll"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet" / "weights.safetensors").write_bytes(b"0")
    folder.with_name("doll.preview.png").write_bytes(b"1")
    info = ModelRegistry(models).models("checkpoint")[0]
    path = rename_model(info, "doll.v2")
    assert (path / "unet" / "weights.safetensors").read_bytes() == b"0"
    assert path.with_name("doll.v2.preview.png").read_bytes() == b"1"
    binned = bin_.put(replace(info, path=path))
    assert (binned.name, binned.size_bytes) == ("doll.v2", 3)
    assert ModelRegistry(models).models("checkpoint") == []
    bin_.empty()
    assert files_in(models / "bin") == {}


def test_a_model_of_another_program_is_left_alone(models, bin_):
    info = replace(info_of(models, "ink.v2"), program="ComfyUI")
    before = files_in(models)
    for change in (lambda: rename_model(info, "new"), lambda: bin_.put(info)):
        with pytest.raises(ModelMoveError, match="ComfyUI"):
            change()
    assert files_in(models) == before


def test_a_model_that_is_gone_is_said(models, bin_):
    info = info_of(models, "ink.v2")
    info.path.unlink()
    for change in (lambda: rename_model(info, "new"), lambda: bin_.put(info)):
        with pytest.raises(ModelMoveError, match="any more"):
            change()
    with pytest.raises(ModelMoveError, match="not in the bin"):
        bin_.restore(replace(bin_.put(info_of(models, "other")), path=models / "loras"))


def test_a_bin_that_leads_elsewhere_is_refused(models, bin_, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (models / "bin").symlink_to(tmp_path / "elsewhere")
    before = files_in(models)
    with pytest.raises(ModelMoveError, match="link"):
        bin_.put(info_of(models, "ink.v2"))
    assert files_in(models) == before


def test_a_file_in_place_of_the_bin_is_said(models, bin_):
    (models / "bin").write_bytes(b"someone's")
    before = files_in(models)
    with pytest.raises(ModelMoveError, match="cannot be made"):
        bin_.put(info_of(models, "ink.v2"))
    assert files_in(models) == before


@pytest.mark.parametrize("circular", ["bin", "bin/loras", "bin/loras/styles"])
def test_a_bin_whose_links_are_circular_is_told(models, bin_, circular):
    loop = models / circular
    loop.parent.mkdir(parents=True, exist_ok=True)
    loop.symlink_to(loop.name)
    before = files_in(models)
    with pytest.raises(ModelMoveError, match="leads elsewhere by a link"):
        bin_.put(info_of(models, "ink.v2"))
    assert files_in(models) == before


IN_THE_WAY = {
    "a file": Path.touch,
    "a folder": Path.mkdir,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a loop": lambda path: path.symlink_to(path.name),
    "a link to the model": lambda path: path.symlink_to("ink.v2.safetensors"),
}


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
@pytest.mark.parametrize("ending", [".safetensors", ".json", ".preview.png"])
def test_whatever_is_in_the_way_is_told_and_stays(models, make, ending):
    info = info_of(models, "ink.v2")
    make(info.path.with_name(f"night{ending}"))
    before = sorted(path.name for path in info.path.parent.iterdir())
    with pytest.raises(ModelMoveError, match="night"):
        rename_model(info, "night")
    assert sorted(path.name for path in info.path.parent.iterdir()) == before
    assert info.path.read_bytes() == b"weights of ink.v2"


def test_a_model_that_comes_meanwhile_is_not_overwritten(models, monkeypatch):
    info = info_of(models, "ink.v2")
    other = info.path.with_name("night.safetensors")
    rename = Path.rename

    def meanwhile(self, target):
        other.write_bytes(b"mine")  # a download, say, as the first note is moved
        return rename(self, target)

    before = files_in(models)
    monkeypatch.setattr(Path, "rename", meanwhile)
    with pytest.raises(ModelMoveError, match=r"night\.safetensors is in the way"):
        rename_model(info, "night")
    assert files_in(models) == {**before, "loras/styles/night.safetensors": b"mine"}


@pytest.mark.parametrize("name", ["a\ud800", "\udcffa", "a\udfffb"])
def test_half_a_character_is_in_no_name(models, name):
    info = info_of(models, "ink.v2")
    with pytest.raises(ModelMoveError, match="cannot contain"):
        rename_model(info, name)
    assert info.path.exists()
