"""A VAE's latents are told by its header or its config; each family says which it reads."""

import pytest

from medialab.families import RUNNING
from medialab.families.vaes import (
    is_made_for,
    readable_latents,
    reads,
    shared_latents,
    variant_of_vae,
    variant_of_vae_config,
)
from medialab.files.headers import Header

SIXTEEN = "16 channels, 8 times smaller"
OF_QWEN_21 = "64 channels, 16 times smaller, of a VAE for videos"


def header(channels, levels, *more):
    shapes = {f"encoder.down.{level}.block.0.conv1.weight": (8, 8) for level in range(levels)}
    return Header({"decoder.conv_in.weight": (512, channels, 3, 3, *more), **shapes}, {})


def videos(first, channels, halves):
    names = (f"encoder.downsamples.{number}.resample.1.weight" for number in range(halves))
    return Header({first: (384, channels, 3, 3, 3), **dict.fromkeys(names, (8, 8, 3, 3))}, {})


@pytest.mark.parametrize(
    ("given", "variant"),
    [
        (header(4, 4), ""),
        (header(16, 4), SIXTEEN),
        (header(4, 3), "4 channels, 4 times smaller"),
        (header(16, 4, 3), "made for videos"),
        (videos("decoder.conv1.weight", 16, 3), f"{SIXTEEN}, of a VAE for videos"),
        (videos("decoder.conv_in.weight", 64, 4), OF_QWEN_21),
        (videos("decoder.conv1.weight", 16, 9), "made for videos"),
        (header(4, 9), "of an unknown build"),
        (Header({"decoder.conv_in.weight": (512, 4)}, {}), "of an unknown build"),
        (Header({"encoder.conv_in.weight": (8, 3, 3, 3)}, {}), ""),
    ],
)
def test_latents_are_told_by_a_files_layers(given, variant):
    assert variant_of_vae(given) == variant


@pytest.mark.parametrize(
    ("config", "variant"),
    [
        ({"_class_name": "AutoencoderKL", "latent_channels": 4, "block_out_channels": [8] * 4}, ""),
        (
            {"_class_name": "AutoencoderKL", "latent_channels": 16, "block_out_channels": [8] * 4},
            SIXTEEN,
        ),
        (
            {"_class_name": "AutoencoderTiny", "encoder_block_out_channels": [8] * 3},
            "4 channels, 4 times smaller",
        ),
        (
            {"_class_name": "AutoencoderKL", "block_out_channels": [8] * 20},
            "a VAE of 20 levels",
        ),
        ({"_class_name": "AutoencoderDC"}, "class AutoencoderDC"),
    ],
)
def test_latents_are_told_by_a_folders_config(config, variant):
    assert variant_of_vae_config(config) == variant


def test_a_family_reads_its_own_latents_and_no_others():
    assert reads(RUNNING["sdxl"], "")
    assert not reads(RUNNING["sdxl"], SIXTEEN)
    assert readable_latents()[0] == "4 channels, 8 times smaller"
    # A VAE for videos is read where checkpoints are single files, which lack theirs.
    assert reads(RUNNING["qwen-image"], f"{SIXTEEN}, of a VAE for videos")
    assert not reads(RUNNING["flux"], f"{SIXTEEN}, of a VAE for videos")
    assert not reads(RUNNING["qwen-image-2.1"], OF_QWEN_21)
    assert OF_QWEN_21 not in readable_latents()


def test_a_family_without_latents_of_its_own_shares_anothers():
    assert [shared_latents(one) for one in ("sd2", "sdxl-refiner", "sdxl", "flux")] == [
        "sd15",
        "sdxl",
        "sdxl",
        "flux",
    ]


@pytest.mark.parametrize(
    ("name", "family", "wanted"),
    [
        ("ae", "z-image", True),
        ("ae", "sd3", False),
        ("mine/Flux_VAE", "chroma", True),
        ("flux/sd3.5_vae", "flux", False),
        ("sd3_vae", "sd3", True),
        ("aesthetic", "flux", None),
        ("sd3-or-flux", "flux", None),
        ("ae", "sd15", None),
    ],
)
def test_its_name_tells_a_vae_from_one_with_the_same_layers(name, family, wanted):
    assert is_made_for(RUNNING[family], name) is wanted
