"""Which configs of a Z-Image are opened, and what is refused before its weights are read."""

import json

import pytest
import torch
from pydantic import ValidationError

from medialab.errors import ModelRefusedError
from medialab.families.z_image.opening import TransformerConfig, ZImageOpening, check_tokenizer
from medialab.listing.info import ModelInfo

# Of the published Z-Image-Turbo.
TRANSFORMER = {
    "in_channels": 16,
    "dim": 3840,
    "n_layers": 30,
    "n_refiner_layers": 2,
    "n_heads": 30,
    "n_kv_heads": 30,
    "cap_feat_dim": 2560,
    "all_patch_size": [2],
    "all_f_patch_size": [1],
    "axes_dims": [32, 48, 48],
    "axes_lens": [1536, 512, 512],
    "norm_eps": 1e-5,
    "qk_norm": True,
    "rope_theta": 256.0,
    "t_scale": 1000.0,
}


def write_tokenizer(folder, vocabulary):
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    return folder


@pytest.mark.parametrize("theta", [256.0, 1.0, 0.5])
def test_a_base_of_the_rotations_above_nothing_is_taken(theta):
    assert TransformerConfig(**TRANSFORMER | {"rope_theta": theta}).rope_theta == theta


@pytest.mark.parametrize("theta", [0.0, -1.0, float("inf"), float("nan"), "256"])
def test_any_other_base_is_refused(theta):
    with pytest.raises(ValidationError, match="rope_theta"):
        TransformerConfig(**TRANSFORMER | {"rope_theta": theta})


def test_a_config_of_other_sizes_than_its_weights_is_refused_by_the_settings_name():
    shapes = {"cap_embedder.0.weight": (2560,), "x_pad_token": (1, 3840)}
    shapes |= {f"layers.{number}.attention.to_q.weight": (3840, 3840) for number in range(30)}
    shapes |= {f"noise_refiner.{number}.x": (1,) for number in range(2)}
    TransformerConfig(**TRANSFORMER).check_weights(shapes)
    for name, value in (("cap_feat_dim", 9), ("dim", 9), ("n_layers", 29), ("n_refiner_layers", 3)):
        with pytest.raises(ValueError, match=name):
            TransformerConfig(**TRANSFORMER | {name: value}).check_weights(shapes)


def test_a_tokenizer_may_know_somewhat_fewer_words_than_its_encoder_and_none_more(tmp_path):
    write_tokenizer(tmp_path, {str(number): number for number in range(100)})
    check_tokenizer(tmp_path, None)
    for vocabulary in (100, 100 + 1024):
        check_tokenizer(tmp_path, vocabulary)
    for vocabulary in (99, 100 + 1025):
        with pytest.raises(ModelRefusedError, match=f"100 words, .* knows {vocabulary}"):
            check_tokenizer(tmp_path, vocabulary)


@pytest.mark.parametrize("vocabulary", [None, [1, 2], "words"])
def test_a_tokenizer_without_words_is_refused(tmp_path, vocabulary):
    with pytest.raises(ModelRefusedError, match="holds no vocabulary"):
        check_tokenizer(write_tokenizer(tmp_path, vocabulary), None)


def test_single_files_and_controlnets_are_refused_with_what_to_get_instead(tmp_path):
    opening = ZImageOpening()
    info = ModelInfo("any", "checkpoint", "z-image", "original", tmp_path / "any.safetensors", 0)
    with pytest.raises(ModelRefusedError, match=r"single files of z-image .* get the folder"):
        opening.file(info, torch.float32, tmp_path)
    for refuse in (
        lambda: opening.check_controlnet(tmp_path),
        lambda: opening.controlnet(tmp_path, torch.float32),
        lambda: opening.controlnet_file(tmp_path, torch.float32, tmp_path),
    ):
        with pytest.raises(ModelRefusedError, match="ControlNets of Z-Image"):
            refuse()
    assert opening.tokenizer(tmp_path, tmp_path / "configs") == tmp_path / "tokenizer"
