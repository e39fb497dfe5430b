"""What Z-Image's transformer takes of memory is worked out from its configs."""

import json

import pytest

from medialab.families.needs import Widths
from medialab.families.z_image.needs import NEEDS
from medialab.listing.info import ModelInfo

USUAL = Widths(960, 128)  # of the published ones: 3840 numbers for four places


def widths(folder, transformer, vae):
    for part, config in (("transformer", transformer), ("vae", vae)):
        (folder / part).mkdir()
        (folder / part / "config.json").write_text(config)
    info = ModelInfo("any", "checkpoint", "z-image", "diffusers", folder, 0)
    return NEEDS.widths(info)


def test_the_configs_tell_a_quarter_of_a_tokens_numbers_and_the_vaes_first_level(tmp_path):
    vae = json.dumps({"block_out_channels": [24, 48]})
    assert widths(tmp_path, '{"dim": 768}', vae) == Widths(192, 24)


@pytest.mark.parametrize("levels", [[], None, 64, ["64"]])
def test_configs_that_tell_nothing_count_as_the_usual(tmp_path, levels):
    vae = json.dumps({"block_out_channels": levels})
    assert widths(tmp_path, '{"dim": "wide"}', vae) == USUAL


def test_a_damaged_config_counts_as_the_usual(tmp_path):
    assert widths(tmp_path, "{", "{}") == USUAL


def test_a_step_takes_as_much_more_as_there_are_prompts():
    assert NEEDS.denoising_bytes((64, 64), 960, 2) == 2 * NEEDS.denoising_bytes(
        (64, 64), 960, 2, rows=1
    )
