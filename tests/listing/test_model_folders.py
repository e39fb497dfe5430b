"""Models lie in several folders, the studio's and those of other programs, and are told apart."""

import os
import shutil
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from medialab.errors import (
    ConfigError,
    ModelMoveError,
    ModelNotFoundError,
    ModelRefusedError,
    NotesError,
)
from medialab.listing.model_folders import chosen_folders, open_folders
from medialab.loading.registry import ModelRegistry
from medialab.process.installation import own_models_folder
from tests.tiny.headers import write_lora


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty current folder, and a home without a cache of Hugging Face."""
    for name in (
        *("MEDIALAB_MODELS", "XDG_CACHE_HOME"),
        *("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def programs_of(folders):
    return [(one.name, one.program) for one in folders]


def test_the_same_name_in_two_folders_is_chosen_by_folder(root, tmp_path):
    first = write_lora(root / "loras" / "ink.safetensors")
    second = write_lora(tmp_path / "shared" / "loras" / "ink.safetensors", width=2048)
    third = write_lora(tmp_path / "old" / "loras" / "a" / "ink.safetensors")
    only = write_lora(tmp_path / "old" / "loras" / "oil.safetensors")
    registry = ModelRegistry([root, tmp_path / "shared", tmp_path / "old"])
    names = {info.name: info.path for info in registry.models("lora")}
    assert names == {"ink": first, "shared/ink": second, "old/a/ink": third, "oil": only}
    for name in ("ink", "shared/ink", "old/a/ink", "oil", "old/oil"):
        assert registry.find(name, "lora").path == names.get(name, only)
    first.unlink()
    with pytest.raises(ModelRefusedError, match=r"2 models are called 'ink' \(old/a/ink, shared"):
        registry.find("ink", "lora")
    second.unlink()
    assert registry.find("ink", "lora").path == third
    assert registry.find("old/a/ink", "lora").path == third


def test_a_record_knows_which_of_two_files_it_was(tiny_models, root, tmp_path):
    """A name that means another file than it did is noticed by the hash."""
    own, shared = root / "checkpoints" / "doll", tmp_path / "shared" / "checkpoints" / "doll"
    for place in (own, shared):
        shutil.copytree(tiny_models / "checkpoints" / "paperdoll", place)
    with (shared / "unet" / "diffusion_pytorch_model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    with Workbench([root, tmp_path / "shared"], tmp_path / "outputs", "cpu") as bench:
        settings = {"width": 64, "height": 64, "seed": 1, "steps": 1}
        first = bench.resolve(PipelineConfig(checkpoint="doll", **settings))
        second = bench.resolve(PipelineConfig(checkpoint="shared/doll", **settings))
        assert bench.resolve(second) == second
        shutil.rmtree(own)
        with pytest.raises(ModelRefusedError, match="doll"):
            bench.resolve(first)
        assert bench.resolve(second) == second


def test_folders_of_one_name_get_different_ones(root, tmp_path):
    places = [tmp_path / one / "models" for one in ("a", "b", "x/b")]
    for place in places:
        write_lora(place / "loras" / "ink.safetensors")
    registry = ModelRegistry([root, *places])
    assert [one.name for one in registry.folders] == ["", "a", "b", "b-2"]
    assert [one.name for one in registry.models("lora")] == ["a/ink", "b/ink", "b-2/ink"]


@pytest.mark.parametrize("name", ["stable diffusion web.ui", "модели", "a:b", "..", "絵"])
def test_names_with_dots_blanks_and_other_scripts_are_found(root, tmp_path, name):
    folder = tmp_path / "x" / name / "more" if name == ".." else tmp_path / name
    write_lora(root / "loras" / "ink v1.5 (ночь) 夜.safetensors")
    other = write_lora(folder / "loras" / "ink v1.5 (ночь) 夜.safetensors", width=2048)
    registry = ModelRegistry([root, folder])
    (one,) = [info for info in registry.models("lora") if info.folder]
    assert one.refused is None
    assert registry.find(one.name, "lora").path.samefile(other)


def test_what_lies_in_two_folders_at_once_is_listed_once(root, tmp_path):
    write_lora(root / "loras" / "ink.safetensors")
    (tmp_path / "linked").symlink_to(root)
    paths = ModelRegistry([root, root, tmp_path / "linked"]).models("lora")
    assert [info.name for info in paths] == ["ink"]


def test_a_link_may_lead_into_another_models_folder_and_nowhere_else(root, tmp_path):
    target = write_lora(tmp_path / "shared" / "loras" / "ink.safetensors")
    (root / "loras").mkdir(parents=True)
    (root / "loras" / "pen.safetensors").symlink_to(target)
    (refused,) = ModelRegistry(root).models("lora")
    assert "leads out of the models folders" in refused.refused
    both = ModelRegistry([root, tmp_path / "shared"])
    assert both.find("pen", "lora").refused is None


def test_without_a_folder_of_the_studio_its_usual_one_comes_first(tmp_path):
    (tmp_path / "webui" / "models" / "Stable-diffusion").mkdir(parents=True)
    folders = open_folders([tmp_path / "webui"])
    assert folders[0].path == own_models_folder()
    assert programs_of(folders) == [("", ""), ("webui", "A1111")]
    assert ModelRegistry(tmp_path / "webui").folder == own_models_folder()


def test_a_folder_that_is_not_there_does_not_affect_the_others(root, tmp_path):
    write_lora(root / "loras" / "ink.safetensors")
    registry = ModelRegistry([root, tmp_path / "unplugged"])
    assert [info.name for info in registry.models()] == ["ink"]
    write_lora(tmp_path / "unplugged" / "loras" / "oil.safetensors")
    assert registry.find("oil", "lora").folder == "unplugged"


def test_a_variable_names_several(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIALAB_MODELS", os.pathsep.join(["mine", "", "~/big", "$HOME/x/../y"]))
    home = tmp_path / "home"
    assert chosen_folders() == [elsewhere / "mine", home / "big", home / "y"]
    with Workbench(outputs=tmp_path / "outputs") as bench:
        assert bench.registry.folder == elsewhere / "mine"
        assert len(bench.registry.folders) == 3


def test_a_variable_that_names_none_is_refused(monkeypatch):
    monkeypatch.setenv("MEDIALAB_MODELS", os.pathsep * 2)
    with pytest.raises(ConfigError, match="names no folder"):
        chosen_folders()


def test_a_home_is_known_in_code_too(root, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert open_folders([root, "~/big"])[1].path == tmp_path / "home" / "big"
    with pytest.raises(ConfigError, match="no such home folder"):
        open_folders(["~nobody-of-that-name/x"])


def test_without_a_variable_the_projects_file_counts_and_then_the_usual_folder(
    elsewhere, monkeypatch
):
    monkeypatch.setenv("MEDIALAB_MODELS", "")
    assert chosen_folders() == [own_models_folder()]
    (elsewhere / "medialab.toml").write_text('[models]\nfolders = ["mine", "/big"]\n')
    assert chosen_folders() == [elsewhere / "mine", Path("/big")]


def test_the_cache_of_hugging_face_is_among_the_usual_ones_unless_told_otherwise(
    elsewhere, tmp_path, monkeypatch
):
    cache = tmp_path / "hf" / "hub"
    cache.mkdir(parents=True)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert chosen_folders() == [own_models_folder(), cache]
    monkeypatch.setenv("MEDIALAB_MODELS", "mine")
    assert chosen_folders() == [elsewhere / "mine"]
    monkeypatch.delenv("MEDIALAB_MODELS")
    (elsewhere / "medialab.toml").write_text("[models]\nhuggingface = false\n")
    assert chosen_folders() == [own_models_folder()]


def test_a_file_that_is_no_list_is_named(tmp_path):
    (tmp_path / "ink.safetensors").touch()
    with pytest.raises(ConfigError, match=r"ink\.safetensors is a file; give a models folder"):
        open_folders([tmp_path / "ink.safetensors"])
    with pytest.raises(ConfigError, match=r"gone\.yaml cannot be read"):
        open_folders([tmp_path / "gone.yaml"])


@pytest.mark.parametrize("given", [5, b"models", [None], [["models"]]])
def test_what_is_no_path_is_named(given):
    with pytest.raises(ConfigError, match=r"models=.*: give a folder's path, or a list of paths"):
        open_folders(given)
    with pytest.raises(ConfigError, match="no path has a zero character"):
        open_folders(["a\0b"])


def test_a_picture_is_made_from_another_programs_folder_and_nothing_is_written_there(
    tiny_models, root, tmp_path
):
    home = tmp_path / "stable-diffusion-webui"
    place = home / "models" / "Stable-diffusion"
    place.mkdir(parents=True)
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", place / "doll")
    write_lora(home / "models" / "Lora" / "ink.safetensors")

    def content():
        return sorted((str(one), one.stat().st_mtime_ns) for one in home.rglob("*"))

    before = content()
    with Workbench([root, home], tmp_path / "outputs", "cpu") as bench:
        assert {one.program for one in bench.models()} == {"A1111"}
        bench.execute(PipelineConfig(checkpoint="doll", steps=1, width=64, height=64, seed=1))
        for info in bench.models():
            bench.hashes(info)
            bench.notes(info)
            bench.tags.add(info, "seen")
            with pytest.raises(NotesError, match="A1111"):
                bench.note(info, notes="mine")
            with pytest.raises(ModelMoveError, match="A1111"):
                bench.rename_model(info, "other")
            with pytest.raises(ModelMoveError, match="A1111"):
                bench.model_bin.put(info)
        bench.hash_models().wait()
        bench.duplicates()
    assert content() == before
    assert not root.exists()


def test_an_unknown_name_with_a_folder_is_answered_with_the_nearest(root, tmp_path):
    for folder in ("one", "two"):
        write_lora(tmp_path / folder / "loras" / "ink.safetensors")
    registry = ModelRegistry([root, tmp_path / "one", tmp_path / "two"])
    with pytest.raises(ModelNotFoundError, match=r"no lora 'TWO/ink' .*Did you mean 'two/ink'\?"):
        registry.find("TWO/ink", "lora")


@pytest.mark.parametrize("way", ["given", "listed", "variable"])
def test_a_folder_whose_links_are_circular_is_named(tmp_path, monkeypatch, way):
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    listed = tmp_path / "extra.yaml"
    listed.write_text("webui:\n  checkpoints: good\n  loras: |\n    fine\n    loop/loras\n")
    monkeypatch.setenv("MEDIALAB_MODELS", str(loop))
    folders = {"given": [loop], "listed": [listed], "variable": None}[way]
    with pytest.raises(ConfigError, match=r"loop.* is a link that leads to itself"):
        open_folders(chosen_folders() if folders is None else folders)
