"""What the loader of flow-matching families refuses, by the family's name."""

from dataclasses import replace

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.families.z_image.opening import OPENING
from medialab.listing.info import ModelInfo


def test_single_files_without_a_known_layout_are_refused_with_what_to_get_instead(tmp_path):
    info = ModelInfo("any", "checkpoint", "z-image", "original", tmp_path / "any.safetensors", 0)
    with pytest.raises(ModelRefusedError, match=r"single files of Z-Image .* get the folder"):
        replace(OPENING, files=None).file(info, torch.float32, tmp_path)


def test_without_a_config_for_them_controlnets_are_refused_by_the_familys_name(tmp_path):
    without = replace(OPENING, controlnet_config=None, load_controlnet_file=None)
    assert OPENING.controlnet_files
    assert not without.controlnet_files
    for refuse in (
        lambda: without.check_controlnet(tmp_path),
        lambda: without.controlnet(tmp_path, torch.float32),
        lambda: without.controlnet_file(tmp_path, torch.float32, tmp_path),
    ):
        with pytest.raises(ModelRefusedError, match="ControlNets of Z-Image"):
            refuse()


def test_a_controlnet_of_another_class_is_refused_with_the_one_that_is_opened(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    with pytest.raises(ModelRefusedError, match=r"is a ControlNetModel; .* ZImageControlNetModel"):
        OPENING.check_controlnet(tmp_path)


def test_the_tokenizer_is_the_folders_own_or_the_one_that_single_files_share(tmp_path):
    configs = tmp_path / "configs"
    assert OPENING.tokenizer(tmp_path, configs / "z-image") == configs / "qwen3-tokenizer"
    (tmp_path / "tokenizer").mkdir()
    assert OPENING.tokenizer(tmp_path, configs / "z-image") == tmp_path / "tokenizer"
