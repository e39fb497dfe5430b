"""What a UNet takes of memory is worked out from its header or its configs."""

import json

import pytest
import torch
from safetensors.torch import save_file

from medialab.families.needs import Widths
from medialab.families.unet_clip.needs import UNetNeeds
from medialab.listing.info import ModelInfo

UNET = "model.diffusion_model.input_blocks.0.0.weight"
VAE = "first_stage_model.encoder.conv_in.weight"
USUAL = Widths(320, 128)


def widths(path):
    return UNetNeeds().widths(ModelInfo("any", "checkpoint", "sd15", "any", path, 0))


def write_configs(folder, **levels):
    for part, told in levels.items():
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text(json.dumps({"block_out_channels": told}))


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ({UNET: 48, VAE: 24}, Widths(48, 24)),
        ({UNET: 48}, Widths(48, USUAL.vae)),
        ({"other": 48}, USUAL),
    ],
)
def test_a_files_first_layers_tell_its_widths(tmp_path, layers, expected):
    path = tmp_path / "one.safetensors"
    save_file({name: torch.zeros(width, 4, 3, 3) for name, width in layers.items()}, path)
    assert widths(path) == expected


def test_a_folders_configs_tell_their_first_levels(tmp_path):
    write_configs(tmp_path, unet=[48, 96], vae=[24])
    assert widths(tmp_path) == Widths(48, 24)


@pytest.mark.parametrize("told", [[], None, 64, ["64", 96], {"0": 64}])
def test_a_config_that_tells_no_levels_counts_as_the_usual(tmp_path, told):
    write_configs(tmp_path, unet=told, vae=[24, 48])
    assert widths(tmp_path) == Widths(USUAL.denoiser, 24)


def test_what_cannot_be_read_counts_as_the_usual_and_whoever_opens_it_says_why(tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no header at all")
    assert widths(broken) == USUAL
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text("{")
    assert widths(tmp_path) == USUAL


def test_what_a_step_takes_grows_with_the_area_the_width_and_the_prompts():
    once = UNetNeeds().denoising_bytes((64, 64), 320, 2, rows=1)
    assert once > 64 * 64 * 320 * 2
    assert UNetNeeds().denoising_bytes((64, 64), 320, 2) == 2 * once
    assert UNetNeeds().denoising_bytes((128, 64), 320, 4, rows=1) == 4 * once
