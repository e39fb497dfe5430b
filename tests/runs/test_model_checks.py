"""Models that are missing or do not fit together are refused by what the listing says of them."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError, ModelRefusedError
from medialab.runs.model_checks import check_handover, check_models
from medialab.runs.plan import stages_of
from tests.runs.listings import info, listing_of

BASE = info("base", "checkpoint", prediction_type="epsilon")
XL = info("xl", "checkpoint", "sdxl", prediction_type="epsilon")


def check(*infos, **settings):
    config = PipelineConfig(**{"prompt": "a doll", "checkpoint": "base"} | settings)
    check_models(config, stages_of(config), listing_of(*infos))


def test_a_request_whose_models_fit_passes():
    check(BASE)
    check(BASE, info("ink", "lora"), loras=[{"name": "ink"}])
    check(BASE, info("lines", "controlnet"), control=[{"model": "lines"}])


def test_a_missing_model_is_named_with_the_stage():
    with pytest.raises(ModelNotFoundError, match=r"^prompt: no lora 'ink'"):
        check(BASE, loras=[{"name": "ink"}])


@pytest.mark.parametrize(
    ("stage", "setting", "wrong", "meant"),
    [
        ("upscaler", "upscaler", "lanzos", "lanczos"),
        ("refiner", "upscaler", "latentt", "latent"),
        ("face", "detector", "center", "centre"),
    ],
)
@pytest.mark.parametrize("files", [(), ("other",)])
def test_a_name_that_needs_no_file_is_among_the_known_ones(stage, setting, wrong, meant, files):
    kind = "detector" if setting == "detector" else "upscaler"
    settings = {stage: {"enabled": True, setting: wrong}}
    with pytest.raises(ModelNotFoundError, match=rf"Did you mean '{meant}'\?$") as error:
        check(BASE, *(info(name, kind) for name in files), **settings)
    assert {meant, *files} <= {*error.value.choices}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("lora", {"loras": [{"name": "it"}]}, "sdxl"),
        ("controlnet", {"control": [{"model": "it"}]}, "ControlNet 'it' is made for sdxl, and che"),
    ],
)
def test_a_model_of_another_family_is_refused(kind, settings, message):
    with pytest.raises(MediaLabError, match=message):
        check(BASE, info("it", kind, "sdxl"), **settings)


def test_a_controlnet_of_a_family_that_is_not_known_is_left_to_its_loading():
    check(BASE, info("it", "controlnet", "unknown"), control=[{"model": "it"}])


@pytest.mark.parametrize("variant", ["instruct", "refiner"])
def test_a_checkpoint_made_for_another_task_is_refused_by_the_stage_that_draws(variant):
    family = {"instruct": "sd15", "refiner": "sdxl-refiner"}[variant]
    with pytest.raises(ModelRefusedError, match=r"^txt2img: checkpoint 'base' is "):
        check(info("base", "checkpoint", family, variant=variant))


def test_a_checkpoint_without_a_vae_asks_for_one_by_the_stages_own_setting():
    bare = info("base", "checkpoint", lacks_vae=True)
    fine = info("fine", "vae"), info("broken", "vae", refused="it is broken")
    with pytest.raises(ConfigError, match="has no VAE: set vae to one made for sd15 ") as refusal:
        check(bare, *fine)
    assert (refusal.value.setting, refusal.value.choices) == ("vae", ("fine",))
    with pytest.raises(ConfigError, match=r"set vae to one made for sd15 in .*there is none yet"):
        check(bare)
    own = {"enabled": True, "checkpoint": "bare", "vae": ""}
    with pytest.raises(ConfigError, match=r"has no VAE: set refiner\.vae to one"):
        check(BASE, info("bare", "checkpoint", lacks_vae=True), refiner=own)


def test_a_vae_that_another_familys_name_is_on_is_not_offered():
    bare = info("base", "checkpoint", "flux", lacks_vae=True)
    latents = "16 channels, 8 times smaller"
    vaes = [info(name, "vae", variant=latents) for name in ("fine", "sd3_vae")]
    with pytest.raises(ConfigError, match="has no VAE: set vae to one made for flux ") as refusal:
        check(bare, *vaes)
    assert refusal.value.choices == ("fine",)


def test_a_vae_is_not_inherited_by_a_stage_whose_checkpoint_has_other_latents():
    fine = info("fine", "vae")
    check(BASE, fine, vae="fine")
    inherits = {"enabled": True, "checkpoint": "xl"}
    with pytest.raises(ConfigError, match=r"refiner.*vae 'fine', chosen for sd15, .*sdxl"):
        check(BASE, XL, fine, vae="fine", refiner=inherits)
    check(BASE, XL, fine, vae="fine", refiner=inherits | {"vae": ""})


def test_a_sampler_that_cannot_run_the_checkpoint_is_refused_by_its_prediction():
    flow = info("base", "checkpoint", prediction_type="flow")
    with pytest.raises(ConfigError, match=r"^txt2img, checkpoint 'base': .*samplers here know eps"):
        check(flow, sampler="DDIM")
    check(flow, sampler="DDIM", prediction_type="epsilon")


def handover(other, base=BASE, **settings):
    asked = {"prompt": "a doll", "checkpoint": "base", "handover_checkpoint": "other"}
    config = PipelineConfig(**asked | {"switch_at": 0.8} | settings)
    check_handover(config, listing_of(base, other))


def test_quantised_weights_of_a_checkpoint_that_takes_over_are_stored_in_no_other_way():
    quantised = info("other", "checkpoint", format="gguf", stored="GGUF Q8_0")
    with pytest.raises(ModelRefusedError, match=r"'other' are GGUF Q8_0, which fp8_e4m3fn is not"):
        handover(quantised, weight_dtype="fp8_e4m3fn")


def test_a_handover_goes_to_the_same_family_or_to_what_finishes_its_pictures():
    handover(info("other", "checkpoint"))
    xl = info("base", "checkpoint", "sdxl")
    handover(info("other", "checkpoint", "sdxl-refiner", variant="refiner"), xl)
    with pytest.raises(ConfigError, match="is of family sdxl, 'base' of sd15: their latents mean"):
        handover(info("other", "checkpoint", "sdxl"))
    with pytest.raises(ConfigError, match="'other' is made for inpainting, and draws no whole"):
        handover(info("other", "checkpoint", variant="inpaint"))
    with pytest.raises(ConfigError, match="'other' was trained with another noise than 'base'"):
        handover(info("other", "checkpoint", zero_terminal_snr=True))
    refiner = info("other", "checkpoint", "sdxl-refiner", variant="refiner")
    with pytest.raises(ConfigError, match="'other' follows no ControlNet for sdxl"):
        handover(refiner, xl, control=[{"model": "lines"}])


@pytest.mark.parametrize("settings", [{"switch_at": 1.0}, {"mode": "img2img"}])
def test_a_handover_that_does_not_happen_is_not_looked_at(settings):
    handover(info("other", "checkpoint", "sdxl"), **settings)
