"""What a request needs that is not here, told before anything is loaded, and without a network."""

import shutil
import socket
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from medialab.errors import MissingLibraryError
from medialab.runs import missing as subject
from tests.runs.test_checkpoint_parts import VAE, Z, encoder
from tests.tiny.headers import write_tensors
from tests.tiny.tflite import write_tflite

ROOT = Path(__file__).resolve().parents[2]
FACE = {"enabled": True}


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def told(models, tmp_path, monkeypatch):
    """Tells what a request lacks; whoever connects meanwhile fails."""

    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        yield lambda **settings: bench.missing(PipelineConfig.parse(settings))


@pytest.fixture
def doll(models):
    """The embedded checkpoint and its detector."""
    shutil.copytree(ROOT / "models/checkpoints/paperdoll", models / "checkpoints/paperdoll")
    shutil.copytree(ROOT / "models/detectors/paperdoll", models / "detectors/paperdoll")
    return models


def kinds(found):
    return [(one.kind, one.name, one.used_by, one.is_optional) for one in found]


def test_where_all_is_here_nothing_is_missing(told, doll):
    found = told(checkpoint="paperdoll", face=FACE)
    assert (len(found), bool(found), found.hinders) == (0, False, False)
    assert repr(found) == "nothing is missing"


def test_a_usual_checkpoint_is_told_with_where_it_comes_from(told):
    found = told(checkpoint="sd_xl_base_1.0")
    assert kinds(found) == [("checkpoint", "sd_xl_base_1.0", ("txt2img",), False)]
    (starter,) = found[0].starters
    assert starter.repository == "stabilityai/stable-diffusion-xl-base-1.0"
    assert found.hinders
    assert repr(found) == (
        "- checkpoint 'sd_xl_base_1.0' for txt2img: it is not in models/checkpoints\n"
        f"    from {starter}"
    )


def test_an_unknown_one_is_told_with_its_folder(told):
    found = told(checkpoint="mine")
    assert found[0].starters == ()
    assert repr(found).endswith("\n    put its file in models/checkpoints")


def test_every_model_that_settings_name_is_looked_for_once(told, doll):
    found = told(
        checkpoint="paperdoll",
        prompt="a doll <lora:ink:0.5>",
        vae="other",
        control=[{"model": "canny", "preprocessor": "canny"}],
        refiner={"enabled": True, "upscaler": "4x", "denoising_strength": 0.4},
        face={**FACE, "detector": "eyes", "mask_refiner": "sam"},
        upscaler={"enabled": True, "upscaler": "4x"},
    )
    names = {(one.kind, one.name): one.used_by for one in found}
    assert set(names) == {
        ("lora", "ink"),
        ("vae", "other"),
        ("controlnet", "canny"),
        ("upscaler", "4x"),
        ("detector", "eyes"),
        ("detector", "sam"),
    }
    assert names["upscaler", "4x"] == ("refiner", "upscaler")
    assert found.hinders


def test_what_is_switched_off_needs_nothing(told, doll):
    found = told(
        checkpoint="paperdoll",
        face={"enabled": False, "detector": "eyes"},
        upscaler={"enabled": False, "upscaler": "4x"},
        control=[{"model": "canny", "enabled": False}],
    )
    assert not found


def test_a_request_that_draws_nothing_needs_no_checkpoint(told):
    found = told(mode="enhance", upscaler={"enabled": True, "upscaler": "lanczos"})
    assert not found


def test_a_model_that_is_refused_is_told_with_the_reason(told, models):
    (models / "loras").mkdir()
    (models / "loras" / "ink.safetensors").write_bytes(b"nothing of that kind")
    found = told(mode="enhance", refiner={"enabled": True, "prompt": "x <lora:ink:1>"})
    (ink,) = (one for one in found if one.kind == "lora")
    assert "ink" in ink.why
    assert "is not opened" in ink.why


def test_parts_that_a_file_lacks_are_told_with_the_usual_ones(told, models):
    write_tensors(models / "diffusion_models" / "z.safetensors", Z)
    found = told(checkpoint="z")
    assert kinds(found) == [("text encoder", "", ("z",), False), ("vae", "", ("z",), False)]
    assert [one.name for need in found for one in need.starters] == ["qwen_3_4b", "ae"]
    assert "lacks qwen3 of width 2560" in found[0].why
    write_tensors(models / "text_encoders" / "wrong.safetensors", encoder(4096))
    write_tensors(models / "vae" / "ae.safetensors", VAE)
    assert [one.kind for one in told(checkpoint="z")] == ["text encoder"]
    write_tensors(models / "text_encoders" / "right.safetensors", encoder(2560))
    assert not told(checkpoint="z")


def test_a_detector_that_is_made_for_other_pictures_is_told_as_such(told, doll):
    write_tensors(doll / "diffusion_models" / "z.safetensors", Z)
    write_tensors(doll / "text_encoders" / "qwen.safetensors", encoder(2560))
    write_tensors(doll / "vae" / "ae.safetensors", VAE)
    (face,) = told(checkpoint="z", face=FACE)
    assert (face.kind, face.bundle, face.is_optional) == ("detector", "photos", True)
    assert "(paperdoll) are made for other pictures" in face.why
    shutil.rmtree(doll / "detectors" / "paperdoll")
    (face,) = told(checkpoint="z", face=FACE)
    assert not face.is_optional
    assert "none that is here detects 'face'" in face.why
    (face,) = told(checkpoint="z", face={**FACE, "fallback": "centre"})
    assert face.is_optional
    assert "medialab fetch photos, or bench.download('photos')" in repr(
        told(checkpoint="z", face=FACE)
    )


def test_a_detector_whose_library_is_not_installed_is_told_with_its_command(
    told, models, monkeypatch
):
    write_tflite(models / "detectors" / "face.tflite")
    monkeypatch.setattr(subject, "why_absent", lambda _: "LiteRT is not installed; run pip.")
    (library,) = told(mode="enhance", face={**FACE, "denoising_strength": 0.0})
    assert (library.kind, library.used_by) == ("library", ("face",))
    assert library.why == "LiteRT is not installed; run pip"
    monkeypatch.setattr(subject, "why_absent", lambda _: None)
    assert not told(mode="enhance", face={**FACE, "denoising_strength": 0.0})


def test_a_picture_that_nothing_draws_is_searched_as_a_photo(told, doll):
    (face,) = told(checkpoint="paperdoll", mode="enhance", face={**FACE, "denoising_strength": 0.0})
    assert (face.kind, face.bundle, face.is_optional) == ("detector", "photos", True)


def test_the_upscaler_that_automatic_would_take_is_told_as_better(told, doll):
    on = {"enabled": True, "upscaler": "automatic"}
    found = told(mode="enhance", upscaler=on)
    assert kinds(found) == [("upscaler", "RealESRGAN_x4plus", ("upscaler",), True)]
    assert found[0].bundle == "photos"
    assert not found.hinders
    assert repr(found).startswith("- better with: upscaler")
    (own,) = told(checkpoint="paperdoll", upscaler=on)
    assert (own.name, own.bundle) == ("paperdoll-2x", "")
    (doll / "upscalers").mkdir()
    shutil.copy(ROOT / "models/upscalers/paperdoll-2x.safetensors", doll / "upscalers")
    assert not told(checkpoint="paperdoll", upscaler=on)


def test_one_of_the_fetched_ones_by_name_is_told_with_its_bundle(told):
    found = told(mode="enhance", upscaler={"enabled": True, "upscaler": "realesr-animevideov3"})
    assert (found[0].bundle, found[0].starters, found[0].is_optional) == ("photos", (), False)


def test_a_library_that_is_not_installed_is_told_with_its_command(told, monkeypatch):
    def absent(name):
        raise MissingLibraryError(f"{name} is not installed; run pip install {name}.")

    monkeypatch.setattr(subject, "check_installed", absent)
    found = told(mode="enhance", upscaler={"enabled": True, "upscaler": "4x"})
    assert ("library", "spandrel", ("upscaler",), False) in kinds(found)
    assert "pip install spandrel" in repr(found)
