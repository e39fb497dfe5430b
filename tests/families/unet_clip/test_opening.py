"""What of a UNet's checkpoint is opened, and what is refused before its weights are read."""

import json

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.families.unet_clip.opening import UNetClipOpening
from medialab.listing.info import ModelInfo

OPENING = UNetClipOpening()


def test_a_folder_has_its_own_tokenizer_and_a_single_file_the_shared_one(tmp_path):
    configs = tmp_path / "configs" / "sd15"
    (tmp_path / "folder" / "tokenizer").mkdir(parents=True)
    own = OPENING.tokenizer(tmp_path / "folder", configs)
    assert own == tmp_path / "folder" / "tokenizer"
    shared = OPENING.tokenizer(tmp_path / "one.safetensors", configs)
    assert shared == tmp_path / "configs" / "clip-tokenizer"


def test_a_family_without_single_files_refuses_them_by_its_name(tmp_path):
    info = ModelInfo("any", "checkpoint", "kolors", "original", tmp_path / "any.safetensors", 0)
    with pytest.raises(ModelRefusedError, match="no single file of family kolors is opened"):
        OPENING.file(info, torch.float32, tmp_path)


def test_a_controlnet_of_another_class_is_refused_with_the_class_that_is_opened(tmp_path):
    config = {"_class_name": "FluxControlNetModel"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    says = "it is a FluxControlNetModel; those that are opened: ControlNetModel"
    with pytest.raises(ModelRefusedError, match=says):
        OPENING.check_controlnet(tmp_path)


def test_the_parts_with_weights_are_those_that_diffusers_names():
    assert list(OPENING.networks) == ["unet", "vae", "text_encoder", "text_encoder_2"]
