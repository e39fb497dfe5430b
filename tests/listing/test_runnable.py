"""What is recognised and cannot be used is told with the reason and the way out."""

import re
from types import SimpleNamespace

import pytest

from medialab.families import FAMILIES, RUNNING
from medialab.families.kinds import BOFT
from medialab.files.headers import Header
from medialab.listing.runnable import (
    unread_when_editing,
    variant_of_controlnet,
    why_not,
    why_not_in,
    why_not_with,
)

FILE, FOLDER = {"is_file": True}, {"is_file": False}


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_what_runs_is_told_nothing(family):
    for form in (FILE, FOLDER):
        assert why_not("checkpoint", family, "", **form) is None
        assert why_not("lora", family, "", **form) is None
        assert why_not("controlnet", family, "", **form) is None
        assert why_not("embedding", family, "", **form) is None
    assert why_not("detector", "unknown", "", **FILE) is None


def test_a_lora_of_no_known_family_may_fit_and_one_of_another_does_not():
    assert why_not("lora", "unknown", "", **FILE) is None
    listed = next(name for name in FAMILIES if name not in RUNNING)
    assert why_not("lora", listed, "", **FILE).startswith(f"is made for {listed}, and no checkpoin")
    assert "supported are LoRA, LoCon" in why_not("lora", "sd15", "", **FILE, written=BOFT)


@pytest.mark.parametrize(
    ("kind", "family", "variant", "written", "message"),
    [
        ("checkpoint", "unknown", "", "", "is of family unknown; .*no rule here knows its layers"),
        ("checkpoint", "hidream", "", "", "is of family hidream; .*use it where it can run"),
        ("checkpoint", "sd15", "depth", "", "is made for following a depth picture; single files"),
        ("checkpoint", "sd15", "9 channels", "", r"something else \(it reads 9 channels\)"),
        ("controlnet", "sd15", "", "lllite", "is a ControlNet-LLLite"),
        ("controlnet", "sd15", "", "union", "of many kinds in one"),
        ("controlnet", "sd15", "difference", "", "holds the difference to one checkpoint"),
        ("controlnet", "sd15", "class Odd", "", "is of class Odd; the supported class is Control"),
        ("controlnet", "hidream", "", "", "is a single file of family hidream; of single files, "),
        ("vae", "unknown", "", "tiny", "is a tiny one in a single file"),
        ("vae", "unknown", "class Odd", "", "is of class Odd; supported are Autoencoder"),
        ("vae", "unknown", "7 channels", "", "writes latents of 7 channels than the picture"),
        ("embedding", "unknown", "", "", "none of the families here: "),
    ],
)
def test_a_file_that_cannot_be_used_is_told_why(kind, family, variant, written, message):
    reason = why_not(kind, family, variant, **FILE, written=written)
    assert re.search(message, reason)


def test_a_folder_of_a_family_that_runs_none_is_told_those_that_do():
    reason = why_not("controlnet", "hidream", "", **FOLDER)
    assert reason == f"is of family hidream; those that run here are {', '.join(RUNNING)}"


@pytest.mark.parametrize(
    ("stage", "family", "variant", "message"),
    [
        ("instruct", "sd15", "", "is made for making pictures, not for editing by instruction"),
        ("txt2img", "sd15", "instruct", "is made for editing by instruction, not for making pict"),
        ("txt2img", "sdxl-refiner", "refiner", "only finishes pictures: set it as handover_checkp"),
    ],
)
def test_a_stage_that_cannot_use_a_checkpoint_says_what_can(stage, family, variant, message):
    assert message in why_not_in(stage, family, variant)


def test_a_stage_takes_what_is_made_for_it():
    assert why_not_in("txt2img", "sd15", "") is None
    assert why_not_in("face", "sdxl-refiner", "refiner") is None
    assert why_not_in("instruct", "sd15", "instruct") is None


def test_only_an_edition_that_edits_is_taken_where_the_family_has_some():
    assert why_not_in("instruct", "flux2-klein-4b", "") is None
    assert why_not_in("instruct", "flux2-klein-4b", "", "base") is None
    assert why_not_in("txt2img", "flux2-klein-4b", "") is None


@pytest.mark.parametrize(
    ("family", "variant", "unread"),
    [
        ("flux2-klein-4b", "", {"image_guidance_scale": "is not read by one"}),
        ("sd15", "instruct", {"references": "the start picture alone"}),
        ("sd15", "", dict.fromkeys(("references", "image_guidance_scale"), "does not edit")),
        ("sdxl", "", dict.fromkeys(("references", "image_guidance_scale"), "does not edit")),
    ],
)
def test_settings_of_an_edit_that_a_checkpoint_does_not_read_have_a_reason(family, variant, unread):
    info = SimpleNamespace(name="one", family=family, variant=variant, edition="")
    found = unread_when_editing(info)
    assert found.keys() == unread.keys()
    assert all(words in found[name] for name, words in unread.items())


def test_a_controlnet_that_is_a_difference_is_told_by_its_marker():
    assert variant_of_controlnet(Header({"difference": ()}, {})) == "difference"
    assert variant_of_controlnet(Header({"weight": (2, 2)}, {})) == ""


@pytest.mark.parametrize(
    ("kind", "made_for", "variant", "family", "message"),
    [
        ("lora", "sdxl", "", "sd15", "is made for sdxl; the checkpoint is of family sd15"),
        ("controlnet", "sdxl", "", "sd15", "is made for sdxl; the"),
        ("embedding", "sdxl", "", "sd15", "is made for sdxl; the"),
        ("vae", "unknown", "", "z-image", "writes latents of "),
        (
            *("vae", "unknown", "16 channels, 8 times smaller", "qwen-image"),
            "writes latents of 16 channels, 8 times smaller, not of 16",
        ),
        ("controlnet", "unknown", "", "flux", "is a ControlNet, and flux follows none yet"),
    ],
)
def test_a_model_of_another_family_than_the_checkpoints_is_told_why(
    kind, made_for, variant, family, message
):
    assert why_not_with(kind, made_for, variant, family).startswith(message)


def test_of_a_lora_whose_layers_two_families_have_it_is_told_that_either_may_be_meant():
    told = why_not_with("lora", "flux", "", "chroma")
    assert told.startswith("is made for flux; the checkpoint is of family chroma, whose LoRAs may")
    assert told.endswith('"modelspec.architecture": "chroma"')
    assert "same layers" not in why_not_with("lora", "sdxl", "", "chroma")


def test_what_fits_or_may_fit_or_needs_no_family_is_told_nothing():
    for kind in ("lora", "controlnet", "embedding", "vae"):
        assert why_not_with(kind, "sd15", "", "sd15") is None
        assert why_not_with(kind, "unknown", "", "sd15") is None
        assert why_not_with(kind, "sdxl", "", "unknown") is None
    assert why_not_with("upscaler", "esrgan", "", "sd15") is None
