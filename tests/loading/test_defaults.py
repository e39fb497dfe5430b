"""The settings to begin with are the family's, at the size that the checkpoint was trained at."""

from dataclasses import asdict
from pathlib import Path

import pytest

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.loading.defaults import defaults_of, detailer_defaults_of, samplers_of
from medialab.settings.samplers import SAMPLERS
from medialab.settings.schedulers import KNOW_ZERO_SNR


def info(family, **facts):
    return ModelInfo("a", "checkpoint", family, "original", Path("/nowhere"), 0, **facts)


@pytest.mark.parametrize(
    ("family", "prediction", "side"),
    [("sd15", "epsilon", 512), ("sdxl", "epsilon", 1024), ("sd2", "v_prediction", 768)],
)
def test_a_checkpoint_begins_as_its_family_does_at_its_own_size(family, prediction, side):
    settings = defaults_of(info(family, prediction_type=prediction))
    own = {name: one for name, one in asdict(RUNNING[family].defaults).items() if one is not None}
    assert settings == own | {"width": side, "height": side}
    assert settings["steps"] == own["steps"] > 0


EDITIONS = [(name, edition) for name, one in RUNNING.items() for edition in one.editions]


@pytest.mark.parametrize(("family", "edition"), EDITIONS)
def test_a_file_told_which_edition_it_is_begins_as_that_one_does(family, edition):
    own = RUNNING[family]
    told = defaults_of(info(family, edition=edition, prediction_type=own.prediction_type))
    wanted = own.edition_defaults.get(edition, own.defaults)
    assert (told["steps"], told["guidance_scale"]) == (wanted.steps, wanted.guidance_scale)
    if edition in own.unguided:  # guided only if it is asked for
        assert told["guidance_scale"] == 1.0


def test_a_checkpoint_of_no_known_size_has_no_settings_to_begin_with():
    with pytest.raises(ModelRefusedError, match="set width and height"):
        defaults_of(info("unknown"))


def test_a_checkpoints_samplers_are_those_that_its_family_and_its_training_take():
    assert set(samplers_of(info("sdxl", prediction_type="epsilon"))) == set(SAMPLERS)
    assert set(samplers_of(info("sdxl"))) == set(SAMPLERS)
    zero = info("sdxl", prediction_type="v_prediction", zero_terminal_snr=True)
    assert set(samplers_of(zero)) == set(KNOW_ZERO_SNR)
    flow = samplers_of(info("z-image", prediction_type="flow_prediction"))
    assert flow["DDIM"] == ("automatic", "sgm uniform", "simple")
    assert "karras" in flow["DPM++ 2M"]


def test_a_detailer_has_its_familys_strength_and_the_checkpoints_size():
    own = detailer_defaults_of(info("sd15", prediction_type="epsilon"))
    habits = RUNNING["sd15"].habits
    assert own == {
        "denoising_strength": habits.strength,
        "crop_factor": habits.crop_factor,
        "guide_size": 512,
        "max_size": habits.largest(512),
    }
