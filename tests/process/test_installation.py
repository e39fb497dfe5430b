"""Models and outputs lie where a variable says, in the checkout, or in the current folder."""

from pathlib import Path

import pytest

from medialab import Workbench
from medialab.errors import ConfigError, ModelNotFoundError
from medialab.loading.registry import ModelRegistry
from medialab.process import installation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def as_installed(monkeypatch, tmp_path):
    """The program as a wheel has it: configs inside of the package; started in an empty folder."""
    packed = tmp_path / "site-packages" / "medialab" / "configs"
    packed.mkdir(parents=True)
    monkeypatch.setattr(installation, "_PACKED_CONFIGS", packed)
    current = tmp_path / "work"
    current.mkdir()
    monkeypatch.chdir(current)
    return current, packed


def test_a_checkout_has_its_own_whatever_folder_it_is_started_in(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert not installation.is_installed()
    assert installation.own_models_folder() == ROOT / "models"
    assert installation.outputs_folder() == ROOT / "outputs"
    assert (installation.configs_folder() / "sdxl" / "model_index.json").is_file()


def test_installed_the_current_folder_has_them_and_nothing_is_made(as_installed):
    current, packed = as_installed
    assert installation.is_installed()
    assert installation.own_models_folder() == current / "models"
    assert installation.outputs_folder() == current / "outputs"
    assert installation.configs_folder() == packed
    assert list(current.iterdir()) == []


@pytest.mark.parametrize("told", ["elsewhere", "~/elsewhere", "/data/elsewhere"])
def test_variables_name_the_folders_of_a_workbench(monkeypatch, tmp_path, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDIALAB_MODELS", told)
    monkeypatch.setenv("MEDIALAB_OUTPUTS", str(tmp_path / "pictures"))
    meant = {
        "elsewhere": tmp_path / "elsewhere",
        "~/elsewhere": tmp_path / "home" / "elsewhere",
    }
    with Workbench() as bench:
        assert bench.registry.folder == meant.get(told, Path(told))
        assert bench.artifacts.folder == tmp_path / "pictures"
    with Workbench(models=tmp_path / "mine", outputs=tmp_path / "own") as bench:
        assert bench.registry.folder == tmp_path / "mine"
        assert bench.artifacts.folder == tmp_path / "own"


def test_an_empty_variable_says_nothing(monkeypatch):
    monkeypatch.setenv("MEDIALAB_OUTPUTS", "")
    assert installation.outputs_folder() == ROOT / "outputs"


def test_a_home_that_is_nobodys_is_named(monkeypatch):
    monkeypatch.setenv("MEDIALAB_OUTPUTS", "~nobody-of-that-name/pictures")
    with pytest.raises(ConfigError, match="MEDIALAB_OUTPUTS='~nobody-of-that-name/pictures': "):
        installation.outputs_folder()


def test_without_any_checkpoint_the_error_says_where_one_belongs(tmp_path, tiny_models):
    with pytest.raises(ModelNotFoundError) as caught:
        ModelRegistry(tmp_path).find("dreamy", "checkpoint")
    assert f"Put a checkpoint (.safetensors, or a diffusers folder) in {tmp_path}" in str(
        caught.value
    )
    assert caught.value.choices == ()
    with pytest.raises(ModelNotFoundError, match=r"known: paperdoll\.$"):
        ModelRegistry(tiny_models).find("dreamy", "checkpoint")


def test_installed_the_error_says_where_paperdoll_is(as_installed, tmp_path):
    with pytest.raises(ModelNotFoundError, match="paperdoll comes with the project's source"):
        ModelRegistry(tmp_path).find("paperdoll", "checkpoint")


def test_a_path_is_read_from_the_studios_own_folder_on_or_whole(tmp_path):
    inside = ROOT / "outputs" / "2026-11-28" / "00001-7-a.png"
    assert installation.short_path(inside) == str(inside.relative_to(ROOT))
    assert installation.short_path(tmp_path / "a.png") == str(tmp_path / "a.png")
