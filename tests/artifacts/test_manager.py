"""Pictures are saved, taken in, and their settings read back."""

import hashlib
import json
import warnings
from importlib import metadata

import pytest
from PIL import Image, PngImagePlugin

from medialab.artifacts import ArtifactManager, Sidecar
from medialab.artifacts.reading import SettingsReader
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ArtifactError, LeftOutWarning
from medialab.loading.registry import ModelRegistry
from medialab.process.versions import program_version
from tests.artifacts.pictures import config, files, image
from tests.tiny.headers import write_lora


def test_a_saved_picture_has_infotext_and_a_sidecar_that_says_everything(manager, outputs):
    saved = manager.save(image(), config(prompt="A Röd ball, bouncing!"), {"seconds": 1.5})
    assert saved.path.parent.parent == outputs
    assert saved.path.name == "00001-7-a-rod-ball-bouncing.png"
    assert saved.id == f"{saved.path.parent.name}/00001"
    with Image.open(saved.path) as picture:
        assert picture.tobytes() == image().tobytes()
        assert picture.text["parameters"].startswith("A Röd ball, bouncing!\nSteps: 20, ")
        assert "Model hash: aaaaaaaaaa, Model: paperdoll" in picture.text["parameters"]
    sidecar = json.loads(saved.sidecar.read_text())
    assert sidecar["schema_version"] == 1
    assert sidecar["record"] == {"seconds": 1.5}
    assert sidecar["config"]["prompt"] == "A Röd ball, bouncing!"
    assert sidecar["image"]["width"] == 64
    assert [path.suffix for path in files(outputs)] == [".json", ".png"]


def test_infotext_names_the_program_with_its_version_where_it_is_installed(
    manager, monkeypatch, request
):
    request.addfinalizer(program_version.cache_clear)  # it is asked once in a process

    def last_line():
        program_version.cache_clear()
        with Image.open(manager.save(image(), config(), {}).path) as picture:
            return picture.text["parameters"].split("\n")[-1]

    monkeypatch.setattr(metadata, "version", lambda name: "1.2.3")
    assert last_line().endswith(", Version: Media Lab Studio 1.2.3")

    def refuse(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", refuse)
    assert last_line().endswith(", Version: Media Lab Studio unknown")


def test_the_same_picture_is_the_same_bytes_under_another_number(manager):
    first, second = (manager.save(image(), config(), {}) for _ in range(2))
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_picture_of_another_folder_is_taken_in_as_it_is_and_is_the_newest(manager, tmp_path):
    before = manager.save(image(), config(), {})
    other = ArtifactManager(tmp_path / "other").save(image(), config(seed=8), {"seconds": 1.5})

    taken = manager.take_in(Sidecar.read(other.sidecar), other.path.read_bytes())

    assert taken.path.name.startswith("00002-8-")
    assert taken.path.read_bytes() == other.path.read_bytes()
    assert Sidecar.read(taken.sidecar).record == {"seconds": 1.5}
    assert [one.id for one in manager.find()] == [taken.id, before.id]


def test_bytes_of_another_picture_are_not_taken_in(manager, outputs, tmp_path):
    other = ArtifactManager(tmp_path / "other").save(image(), config(), {})

    with pytest.raises(ArtifactError, match="not the one that its sidecar describes"):
        manager.take_in(Sidecar.read(other.sidecar), other.path.read_bytes() + b"!")
    assert files(outputs) == []


@pytest.mark.parametrize("prompt", ["", "猫", "../../etc/passwd", "a/b\\c:d\0e", "x" * 500, "."])
@pytest.mark.every_row
def test_no_prompt_makes_a_bad_file_name(manager, outputs, prompt):
    path = manager.save(image(), config(prompt=prompt), {}).path
    assert path.is_relative_to(outputs)
    assert path.parent.parent == outputs
    assert len(path.name) < 100
    assert manager.load(path).prompt == prompt


@pytest.mark.parametrize("suffix", [".png", ".json"])
def test_settings_come_back_from_either_file(manager, suffix):
    asked = config(prompt=" spaces \n kept ", sampler="Heun", sharpen=0.5)
    saved = manager.save(image(), asked, {})
    assert manager.load(saved.path.with_suffix(suffix)) == asked
    assert manager.load(f"{saved.path.parent.name}/{saved.path.stem}{suffix}") == asked


def test_without_a_sidecar_the_infotext_speaks(manager):
    saved = manager.save(image(), config(prompt="a ball", sampler="Heun", sharpen=0.5), {})
    saved.sidecar.unlink()
    found = manager.load(saved.path)
    assert type(found) is PipelineConfig
    assert (found.prompt, found.sampler, found.seed, found.width) == ("a ball", "Heun", 7, 64)


def test_a_folder_that_is_not_there_yet_is_no_fault(manager, outputs):
    assert manager.find() == []
    assert manager.rebuild_index() == 0
    assert not outputs.exists()


@pytest.mark.parametrize(
    "path", ["../elsewhere.png", "/etc/hostname", "2026-01-01/../../x.png", "~/x.png/../../../y"]
)
def test_a_path_outside_the_outputs_folder_is_refused(manager, path):
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.load(path)


def test_a_link_that_leads_outside_is_refused(manager, outputs, tmp_path):
    image().save(tmp_path / "secret.png")
    outputs.mkdir()
    (outputs / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ArtifactError, match="outside the outputs folder"):
        manager.load("link.png")


@pytest.mark.parametrize(
    ("name", "message"), [("no.png", "no file no.png in .*`find`"), ("a.txt", "choose a .png")]
)
def test_a_file_that_is_not_there_or_no_picture_is_named(manager, name, message):
    with pytest.raises(ArtifactError, match=message):
        manager.load(name)


def test_a_truncated_picture_without_a_sidecar_is_named(manager):
    saved = manager.save(Image.effect_noise((64, 64), 64), config(), {})
    saved.sidecar.unlink()
    saved.path.write_bytes(saved.path.read_bytes()[:2000])
    with pytest.raises(ArtifactError, match="damaged or truncated"):
        manager.load(saved.path)


def test_a_picture_with_no_settings_at_all_is_named(manager, outputs):
    outputs.mkdir()
    image().save(outputs / "foreign.png")
    with pytest.raises(ArtifactError, match="neither a sidecar nor infotext"):
        manager.load("foreign.png")


def test_a_file_where_the_folder_should_be_is_named(manager, outputs):
    outputs.write_text("in the way")
    with pytest.raises(ArtifactError, match=f"picture not saved in {outputs}"):
        ArtifactManager(outputs).save(image(), config(), {})


def test_an_image_that_is_no_png_is_refused_before_anything_is_written(manager, outputs):
    with pytest.raises(ArtifactError, match="mode 'CMYK' cannot be a PNG; convert it to RGB"):
        manager.save(Image.new("CMYK", (64, 64)), config(), {})
    assert not outputs.exists()


def test_what_a_picture_says_and_cannot_be_set_is_a_warning_at_the_line_that_loads_it(
    manager, outputs
):
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat\nSteps: 20, Seed: 3, Token merging ratio: 0.5")
    outputs.mkdir()
    image().save(outputs / "foreign.png", pnginfo=text)
    with pytest.warns(LeftOutWarning, match="Token merging ratio") as told:
        assert manager.load("foreign.png").seed == 3
    assert [one.filename for one in told] == [__file__]


def test_a_missing_model_of_a_whole_request_is_told_when_it_runs_and_not_when_it_is_loaded(
    outputs, tmp_path
):
    models = ArtifactManager(outputs, SettingsReader(ModelRegistry(tmp_path / "no models")))
    saved = models.save(image(), config(), {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert models.load(saved.path).checkpoint_sha256 == "a" * 64


def test_a_renamed_model_of_a_whole_request_is_told_beside_one_that_is_missing(outputs, tmp_path):
    here = write_lora(tmp_path / "models" / "loras" / "new name.safetensors")
    registry = ModelRegistry(tmp_path / "models")
    known = {"lora/old name": hashlib.sha256(here.read_bytes()).hexdigest()}
    asked = config(loras=[{"name": "old name", "weight": 1.0}], models_sha256=known)
    models = ArtifactManager(outputs, SettingsReader(registry))
    saved = models.save(image(), asked, {})
    with pytest.warns(LeftOutWarning, match="'old name' is here as 'new name'"):
        assert models.load(saved.path).loras[0].name == "new name"
