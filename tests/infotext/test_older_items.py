"""What older versions of A1111 and its extensions wrote is read as what it meant."""

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.infotext import text as infotext
from tests.infotext.texts import BASE


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            (
                'ControlNet 0: "preprocessor: canny, model: control_v11p [cab727d4], weight: 0.5, '
                "starting/ending: (0.1, 0.8), resize mode: Crop and Resize, pixel perfect: True, "
                'control mode: Balanced, preprocessor params: (512, 64, 64)"'
            ),
            [("control_v11p", "canny", 0.5, 0.1, 0.8)],
        ),
        (
            (
                "ControlNet Enabled: True, ControlNet Module: none, ControlNet Model: p [9ca67], "
                "ControlNet Weight: 0.8, ControlNet Guidance Start: 0, ControlNet Guidance End: 1"
            ),
            [("p", "none", 0.8, 0.0, 1.0)],
        ),
        (
            (
                "ControlNet-0 Enabled: True, ControlNet-0 Module: canny, ControlNet-0 Model: e, "
                "ControlNet-0 Weight: 0.55, ControlNet-1 Enabled: True, ControlNet-1 Module: none, "
                "ControlNet-1 Model: depth, ControlNet-1 Guidance End: 0.5"
            ),
            [("e", "canny", 0.55, 0.0, 1.0), ("depth", "none", 1.0, 0.0, 0.5)],
        ),
        (
            (
                "ControlNet Enabled: True, ControlNet Preprocessor: canny, ControlNet Model: m, "
                "ControlNet Weight: 0.8, ControlNet Starting Step: 0.2, ControlNet Ending Step: 1, "
                'ControlNet Preprocessor Parameters: "(512, 64, 64)"'
            ),
            [("m", "canny", 0.8, 0.2, 1.0)],
        ),
        ("ControlNet Enabled: False, ControlNet Module: canny, ControlNet Model: m", []),
    ],
)
def test_controlnets_of_older_forms_are_units_that_want_their_picture(written, meant):
    parsed = infotext.read(BASE + written)
    units = PipelineConfig.parse(parsed.settings).control
    found = [(one.model, one.preprocessor, one.weight, one.start, one.end) for one in units]
    assert found == meant
    assert not any(one.enabled for one in units)
    assert sum("switched off" in note for note in parsed.notes) == len(meant)
    assert parsed.rest == {}


def test_a_control_mode_that_is_not_known_here_is_told():
    unit = '"Module: canny, Model: m, Control Mode: My prompt is more important"'
    assert "My prompt" in " ".join(infotext.read(f"{BASE}ControlNet 0: {unit}").notes)


def test_additional_networks_are_loras():
    parsed = infotext.read(
        f"{BASE}AddNet Enabled: True, AddNet Module 1: LoRA, AddNet Model 1: ink(0123456789ab), "
        "AddNet Weight A 1: 0.7, AddNet Weight B 1: 0.7"
    )
    assert parsed.settings["loras"] == ({"name": "ink", "weight": 0.7},)
    assert parsed.rest == {"Lora hashes": "ink: 0123456789ab"}


def test_a_picture_that_was_drawn_over_is_told_to_be_missing():
    for item in ("Denoising strength: 0.6", "Denoising strength: 0.6, Mask blur: 4"):
        assert "another picture" in " ".join(infotext.read(BASE + item).notes)
    hires = infotext.read(f"{BASE}Denoising strength: 0.6, Hires upscale: 2")
    assert hires.notes == ()


def test_loras_beside_the_prompt_keep_their_weights():
    fooocus = infotext.read(
        f'{BASE}Lora hashes: "ink: 0123456789", Lora weights: "ink: 0.5, pen: 1", '
        "Version: Fooocus v2.5.5"
    )
    assert fooocus.settings["loras"] == (
        {"name": "ink", "weight": 0.5},
        {"name": "pen", "weight": 1.0},
    )
    assert fooocus.program == "Fooocus"
    counted = infotext.read(f"{BASE}Lora 1: ink, Lora Hash 1: 466a765bad, Lora Weight 1: 0.8")
    assert counted.settings["loras"] == ({"name": "ink", "weight": 0.8},)
    assert counted.hashes == {"lora/ink": "466a765bad"}


def test_the_first_hires_fix_told_both_sizes():
    parsed = infotext.read(BASE.replace("512x768", "1024x1536") + "First pass size: 512x768")
    config = PipelineConfig.parse(parsed.settings)
    assert (config.width, config.height) == (512, 768)
    assert (config.refiner.width, config.refiner.height) == (1024, 1536)
    computed = infotext.read(BASE.replace("512x768", "1024x1024") + "First pass size: 0x0")
    assert computed.settings["width"] == computed.settings["height"] == 512
