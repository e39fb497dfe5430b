"""What a single file is checked for before it becomes a pipeline."""

import json

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.families.unet_clip.single_files import (
    FIRST_LAYER,
    _check_used,
    absent_vae,
    channels_of,
    scheduler_of,
)
from medialab.files.predictions import Trained
from tests.tiny.networks import make_vae


def test_the_first_layer_tells_the_channels_and_a_file_without_it_is_refused():
    assert channels_of({FIRST_LAYER: torch.zeros(32, 9, 3, 3)}) == 9
    with pytest.raises(ModelRefusedError, match=f"it lacks {FIRST_LAYER}; download it again"):
        channels_of({"other": torch.zeros(1)})


@pytest.mark.parametrize(
    ("trained", "name", "prediction"),
    [
        (Trained("", False), "PNDMScheduler", "epsilon"),
        (Trained("v_prediction", False), "PNDMScheduler", "v_prediction"),
        (Trained("v_prediction", True), "EulerDiscreteScheduler", "v_prediction"),
    ],
)
def test_a_scheduler_is_the_familys_told_what_the_file_was_trained_on(
    tmp_path, trained, name, prediction
):
    (tmp_path / "scheduler").mkdir()
    config = {"_class_name": "PNDMScheduler", "beta_start": 0.001, "prediction_type": "epsilon"}
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    made = scheduler_of(tmp_path, trained)
    assert type(made).__name__ == name
    assert (made.config.beta_start, made.config.prediction_type) == (0.001, prediction)
    assert bool(made.config.get("rescale_betas_zero_snr")) is trained.zero_terminal_snr


def test_a_vae_that_is_absent_has_a_config_and_no_weights(tmp_path):
    make_vae().save_config(tmp_path / "vae")
    found = absent_vae(tmp_path)
    assert list(found.config.block_out_channels) == [32, 64]
    assert all(weight.is_meta for weight in found.parameters())


def test_a_part_with_more_or_fewer_weights_than_its_network_has_is_refused():
    network = make_vae()
    tensors = {f"vae.{name}": weight for name, weight in network.state_dict().items()}
    aside = {"vae.position_ids": torch.zeros(1), "vae.loss.x": torch.zeros(1), "other": None}
    _check_used(tensors | aside, "vae.", network)
    fewer = dict(list(tensors.items())[1:])
    for wrong in (fewer, tensors | {"vae.left_over": torch.zeros(1)}):
        says = f"{len(wrong)} weights named vae.…, .* AutoencoderKL .* has {len(tensors)}"
        with pytest.raises(ModelRefusedError, match=says):
            _check_used(wrong, "vae.", network)
