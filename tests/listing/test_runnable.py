"""What is recognised and cannot be used is told with the reason and the way out."""

import re

import pytest

from medialab.families import FAMILIES, RUNNING
from medialab.families.kinds import BOFT
from medialab.files.headers import Header
from medialab.listing.runnable import variant_of_controlnet, why_not, why_not_in

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
        ("checkpoint", "flux", "", "", "is of family flux; .*use it where it can run"),
        ("checkpoint", "sd15", "depth", "", "is made for following a depth picture; single files"),
        ("checkpoint", "sd15", "9 channels", "", r"something else \(it reads 9 channels\)"),
        ("controlnet", "sd15", "", "lllite", "is a ControlNet-LLLite"),
        ("controlnet", "sd15", "", "union", "of many kinds in one"),
        ("controlnet", "sd15", "difference", "", "holds the difference to one checkpoint"),
        ("controlnet", "sd15", "class Odd", "", "is of class Odd; the supported class is Control"),
        ("controlnet", "flux", "", "", "is a single file of family flux; of single files, "),
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
    reason = why_not("controlnet", "flux", "", **FOLDER)
    assert reason == f"is of family flux; those that run here are {', '.join(RUNNING)}"


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


def test_a_controlnet_that_is_a_difference_is_told_by_its_marker():
    assert variant_of_controlnet(Header({"difference": ()}, {})) == "difference"
    assert variant_of_controlnet(Header({"weight": (2, 2)}, {})) == ""
