"""LoRA files are read as the family of their header names its layers."""

import pytest

from medialab.errors import ConfigError
from medialab.families import RUNNING
from medialab.families.loras import are_alike, keys_for, read_block_weights


def test_a_family_that_runs_names_its_own_layers():
    assert keys_for("sdxl") is RUNNING["sdxl"].loras.keys


@pytest.mark.parametrize("family", ["hidream", "unknown"])
def test_of_other_families_every_known_prefix_is_read_the_first_familys_first(family):
    keys = keys_for(family)
    assert keys.denoiser == RUNNING["paperdoll"].loras.keys.denoiser
    for one in RUNNING.values():
        if one.loras is None:
            continue
        assert one.loras.keys.prefixes.keys() <= keys.prefixes.keys()
        assert set(one.loras.keys.bare) <= set(keys.bare)
    assert keys.prefixes["lora_unet_"] == "unet"


def test_block_weights_are_those_of_a_family_that_has_such_blocks():
    assert read_block_weights("NONE")["BASE"] == 0
    with pytest.raises(ConfigError, match="give 12, 17, 20, 26 numbers"):
        read_block_weights("1,2,3")


def test_families_whose_loras_have_the_same_layers_are_alike_in_both_directions():
    assert are_alike("flux", "chroma")
    assert are_alike("chroma", "flux")
    assert not are_alike("flux", "sdxl")
    assert not are_alike("unknown", "flux")
