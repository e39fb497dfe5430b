"""What a checkpoint's denoiser predicts, from each place where trainers write it down."""

from pathlib import Path

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.headers import Header
from medialab.files.predictions import Trained, training_of_file, training_of_scheduler

PATH = Path("models/checkpoints/doll.safetensors")
V, EPSILON = "v_prediction", "epsilon"


def told(*markers, by_weights=None, **metadata):
    words = {name.replace("__", "."): word for name, word in metadata.items()}
    header = Header(dict.fromkeys(markers, ()), words)
    return training_of_file(PATH, header, by_weights)


def test_a_file_that_says_nothing_predicts_noise():
    assert told() == Trained(EPSILON, zero_terminal_snr=False)


def test_a_marker_counts_more_than_what_a_merge_copied():
    assert told("v_pred", modelspec__prediction_type="epsilon") == Trained(V)
    assert told("v_pred", "ztsnr") == Trained(V, zero_terminal_snr=True)
    assert told("ztsnr") == Trained(EPSILON, zero_terminal_snr=True)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("epsilon", EPSILON),
        ("Eps", EPSILON),
        ("v", V),
        ("V-Pred", V),
        (" v prediction ", V),
        ("v_parameterization", V),
        ("none", EPSILON),
        ("", EPSILON),
        ("something New", "something_new"),
        ("x" * 100, "x" * 40),
    ],
)
def test_modelspecs_word_is_diffusers_and_one_that_is_not_known_stays(word, meant):
    assert told(modelspec__prediction_type=word).prediction_type == meant


@pytest.mark.parametrize(
    ("word", "meant"), [("True", V), ("1", V), ("False", EPSILON), ("", EPSILON)]
)
def test_kohyas_word_counts_where_modelspec_has_none(word, meant):
    assert told(ss_v_parameterization=word).prediction_type == meant
    both = told(ss_v_parameterization=word, modelspec__prediction_type="epsilon")
    assert both.prediction_type == EPSILON


def test_kohyas_zero_snr_and_the_architecture_of_768_pixels_count():
    assert told(ss_zero_terminal_snr="yes").zero_terminal_snr
    assert not told(ss_zero_terminal_snr="no").zero_terminal_snr
    assert told(modelspec__architecture="stable-diffusion-v2-768-v").prediction_type == V


def test_the_weights_are_asked_only_where_the_header_says_nothing():
    asked = []

    def by_weights(path, header):
        asked.append(path)
        return V

    assert told(by_weights=by_weights).prediction_type == V
    assert asked == [PATH]
    assert told(by_weights=by_weights, modelspec__prediction_type="eps").prediction_type == EPSILON
    assert asked == [PATH]


@pytest.mark.parametrize("marker", ["edm_vpred.sigma_max", "edm_mean", "edm_std"])
def test_a_model_of_edms_noise_is_refused_with_what_tells_it(marker):
    with pytest.raises(ModelRefusedError, match=rf"doll.safetensors was trained .*{marker}"):
        told(marker)


@pytest.mark.parametrize(
    ("config", "trained"),
    [
        ({}, Trained()),
        ({"prediction_type": V}, Trained(V)),
        ({"rescale_betas_zero_snr": True}, Trained(EPSILON, zero_terminal_snr=True)),
        ({"rescale_betas_zero_snr": "yes"}, Trained()),
        ({"_class_name": "FlowMatchEulerDiscreteScheduler"}, Trained("flow_prediction")),
    ],
)
def test_a_folder_tells_it_in_its_schedulers_config(config, trained):
    assert training_of_scheduler(config) == trained


def test_a_scheduler_of_edms_noise_is_refused():
    with pytest.raises(ModelRefusedError, match="EDMEulerScheduler makes EDM's noise"):
        training_of_scheduler({"_class_name": "EDMEulerScheduler"})


def test_a_scheduler_is_told_of_zero_snr_only_where_there_is_some():
    assert Trained().in_scheduler() == {"prediction_type": EPSILON}
    zero = Trained(V, zero_terminal_snr=True).in_scheduler()
    assert zero == {"prediction_type": V, "rescale_betas_zero_snr": True}
