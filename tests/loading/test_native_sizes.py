"""The size that a checkpoint was trained at is told by its config, else by its family."""

import json

import pytest

from medialab.errors import ModelRefusedError
from medialab.listing.info import ModelInfo
from medialab.loading.native_sizes import native_size
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


def test_a_folders_native_size_is_latents_times_the_vaes_reduction(tiny_models):
    assert native_size(ModelRegistry(tiny_models).find("paperdoll", "checkpoint")) == 128


@pytest.mark.parametrize(("width", "pixels"), [(768, 512), (2048, 1024)])
def test_a_single_files_native_size_is_its_familys(root, width, pixels):
    write_lora(root / "loras" / "a.safetensors", width=width)
    assert native_size(ModelRegistry(root).find("a", "lora")) == pixels


def test_an_unknown_native_size_asks_for_width_and_height(root):
    write_lora(root / "loras" / "a.safetensors", width=999)
    info = ModelRegistry(root).find("a", "lora")
    with pytest.raises(ModelRefusedError, match="'a' is not known; set width and height"):
        native_size(info)


def folder_of(root, latents, levels):
    for part, config in (
        ("unet", {"sample_size": latents}),
        ("vae", {"block_out_channels": levels}),
    ):
        (root / part).mkdir(parents=True)
        (root / part / "config.json").write_text(json.dumps(config))
    return ModelInfo("a", "checkpoint", "sd15", "diffusers", root, 0)


@pytest.mark.parametrize(("told", "side"), [(128, 128), (32, 1024), (None, 1024), ("128", 1024)])
def test_where_a_transformers_config_has_no_side_the_vaes_is_used_unless_it_is_a_default(
    root, told, side
):
    for part, config in (
        ("transformer", {"dim": 96}),
        ("vae", {"block_out_channels": [4, 8, 8, 8], "sample_size": told}),
    ):
        (root / part).mkdir(parents=True)
        (root / part / "config.json").write_text(json.dumps(config))
    assert native_size(ModelInfo("a", "checkpoint", "z-image", "diffusers", root, 0)) == side


@pytest.mark.parametrize(
    ("latents", "levels", "side"),
    [(64, [4, 8, 8, 8], 512), (96, [4, 8, 8, 8], 768), (64, [4], 64), (32, [4, 8], 64)],
)
def test_a_vae_halves_once_between_two_levels(root, latents, levels, side):
    assert native_size(folder_of(root, latents, levels)) == side


@pytest.mark.parametrize(("latents", "levels"), [("64", [4]), (64, 4), (None, [4]), (64, [1] * 9)])
def test_a_config_of_odd_values_leaves_it_to_the_family(root, latents, levels):
    assert native_size(folder_of(root, latents, levels)) == 512
