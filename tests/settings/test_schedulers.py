"""The scheduler that is made for a checkpoint, on a model whose answer is known."""

import inspect
import logging
import warnings

import diffusers
import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler

from medialab.errors import ConfigError
from medialab.settings.samplers import SAMPLERS
from medialab.settings.schedulers import make_scheduler

PAIRS = [
    (sampler, schedule)
    for sampler, method in SAMPLERS.items()
    for schedule in dict.fromkeys(["automatic", *method.schedules])
]


PLAIN_PAIRS = [
    (sampler, schedule) for sampler, method in SAMPLERS.items() for schedule in method.schedules
]


# Training steps of a checkpoint, where it does not matter how many: to be made, some schedulers
# take half a second for SD's thousand.
FEW = 100


PREDICTIONS = ["epsilon", "v_prediction"]


# The one picture of the known model: (1, 4, 8, 8) latents, each channel of one value.
PICTURE = torch.tensor([1.5, -0.7, 0.2, 3.0]).reshape(1, 4, 1, 1).expand(1, 4, 8, 8)


def trained(prediction="epsilon", **settings):
    """The scheduler config of a latent checkpoint such as SD's."""
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction,
        **settings,
    )
    return dict(scheduler.config)


def noise_share(scheduler, timestep):
    """1 - alpha_bar at a timestep, which may lie between two training steps."""
    alphas = scheduler.alphas_cumprod.double()
    log_sigmas = ((1 - alphas) / alphas).sqrt().log()
    low = min(int(timestep), len(alphas) - 2)
    log_sigma = torch.lerp(log_sigmas[low], log_sigmas[low + 1], float(timestep) - low)
    return torch.sigmoid(2 * log_sigma).float()


def denoise(sampler, schedule, config, steps=20, seed=7):
    """Run a denoiser that knows the one picture there is, so that its answer is exact."""
    prediction = config["prediction_type"]
    scheduler = make_scheduler(sampler, schedule, config, steps=steps, seed=seed)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(seed)
    takes_generator = "generator" in inspect.signature(scheduler.step).parameters
    drawing = {"generator": generator} if takes_generator else {}
    latents = torch.randn(PICTURE.shape, generator=generator) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        share = noise_share(scheduler, timestep)
        given = scheduler.scale_model_input(latents, timestep)
        noise = (given - (1 - share).sqrt() * PICTURE) / share.sqrt()
        velocity = (1 - share).sqrt() * noise - share.sqrt() * PICTURE
        answer = noise if prediction == "epsilon" else velocity
        latents = scheduler.step(answer, timestep, latents, **drawing).prev_sample
    return latents


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize(("sampler", "schedule"), PLAIN_PAIRS)
def test_twenty_steps_end_on_the_only_picture_there_is(sampler, schedule, prediction):
    found = denoise(sampler, schedule, trained(prediction))
    # DDIM ends at the first training step, whose noise is 0.03 of a standard deviation.
    tolerance = 0.15 if sampler == "DDIM" else 0.001
    torch.testing.assert_close(found, PICTURE, atol=tolerance, rtol=0)


@pytest.mark.parametrize(("sampler", "schedule"), PLAIN_PAIRS)
def test_the_same_seed_gives_the_same_bits(sampler, schedule):
    config = trained("v_prediction", num_train_timesteps=FEW)
    first, second = (denoise(sampler, schedule, config, steps=6) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_automatic_is_the_schedule_the_table_names(sampler):
    made = [
        make_scheduler(sampler, schedule, trained(num_train_timesteps=FEW), seed=1)
        for schedule in ("automatic", SAMPLERS[sampler].automatic)
    ]
    for scheduler in made:
        scheduler.set_timesteps(12)
    assert torch.equal(made[0].timesteps, made[1].timesteps)


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_dpm_sde_draws_its_brownian_noise_from_the_seed_alone(seed):
    def one_step(seed):
        scheduler = make_scheduler("DPM++ SDE", "automatic", trained(), seed=seed)
        scheduler.set_timesteps(5)
        torch.manual_seed(torch.seed())  # whatever the global generator holds must not matter
        latents = torch.ones(1, 4, 8, 8)
        return scheduler.step(latents, scheduler.timesteps[0], latents).prev_sample

    assert torch.equal(one_step(seed), one_step(seed))
    assert not torch.equal(one_step(seed), one_step(seed + 1))


def test_dpm_sde_without_a_seed_is_refused():
    with pytest.raises(ConfigError, match=r"'DPM\+\+ SDE' draws its own noise"):
        make_scheduler("DPM++ SDE", "karras", trained())


def test_dpm_sde_is_silent_about_torchsde_rounding():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        denoise("DPM++ SDE", "sgm uniform", trained(), steps=33)
    assert not [warning for warning in heard if "Should have" in str(warning.message)]


@pytest.mark.thorough
@pytest.mark.parametrize(("sampler", "schedule"), PLAIN_PAIRS)
def test_each_count_of_steps_that_is_taken_comes_out_and_starts_at_the_noisiest(sampler, schedule):
    method = SAMPLERS[sampler]
    scheduler = make_scheduler(sampler, schedule, trained(), seed=1)
    edges = (1, 2, 3, 20, 31, 32, 50, 60, 61, 62, 102, 103, 120, 121, 122, 123, 150)
    # One step has a scheduler of its own.
    for steps in filter(method.schedules[schedule].takes, edges[1:]):
        scheduler.set_timesteps(steps)
        timesteps = scheduler.timesteps
        assert len(timesteps) == (2 * steps - 1 if method.calls_model_twice else steps)
        assert timesteps.min() >= 0
        if schedule != "ddim":
            assert timesteps[0] >= 998


@pytest.mark.parametrize("sampler", ["DDIM", "Euler", "DPM++ 2M"])
def test_trailing_gives_every_count_that_is_asked_for(sampler):
    scheduler = make_scheduler(sampler, "simple", trained())
    for steps in (*range(1, 151), *range(151, 1000, 7), 999):
        scheduler.set_timesteps(steps)
        assert len(scheduler.timesteps) == steps == scheduler.num_inference_steps
        assert scheduler.timesteps[0] == 999
        assert scheduler.timesteps[-1] >= 0


@pytest.mark.thorough
@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_one_step_begins_at_the_noisiest(sampler, schedule):
    if schedule == "ddim":
        return  # refused: counted up, its one step would be the cleanest
    made = make_scheduler(sampler, schedule, trained(), steps=1, seed=1)
    made.set_timesteps(1)
    assert made.timesteps.tolist() == pytest.approx([999], abs=0.001)


@pytest.mark.parametrize("steps", [7, 30, 61, 130, 150])
def test_ddim_goes_from_each_of_its_steps_to_the_next(steps):
    scheduler = make_scheduler("DDIM", "simple", trained(), steps=steps)
    scheduler.set_timesteps(steps)
    noise = torch.ones(1, 4, 8, 8, dtype=torch.float64)
    following = [*scheduler.timesteps[1:].tolist(), 0]
    for now, after in zip(scheduler.timesteps, following, strict=True):
        left = scheduler.step(noise, now, (1 - scheduler.alphas_cumprod[now]).sqrt() * noise)
        expected = (1 - scheduler.alphas_cumprod[after]).sqrt()
        assert float(left.prev_sample.mean()) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_what_the_checkpoint_was_trained_on_stays_and_its_old_schedule_goes(sampler, schedule):
    # One that is left from another run, with a scheduler whose defaults are not SD's.
    config = dict(
        EulerDiscreteScheduler(
            num_train_timesteps=FEW,
            beta_start=0.0001,  # Euler's default, but not Heun's
            prediction_type="v_prediction",
            use_exponential_sigmas=True,
            timestep_spacing="leading",
            steps_offset=1,
        ).config
    )
    made = make_scheduler(sampler, schedule, config, seed=1)
    spacing = SAMPLERS[sampler].schedules
    meant = spacing[SAMPLERS[sampler].automatic if schedule == "automatic" else schedule]
    assert isinstance(made, getattr(diffusers, SAMPLERS[sampler].scheduler))
    assert type(made).__name__ == SAMPLERS[sampler].scheduler
    assert made.config.prediction_type == "v_prediction"
    assert made.config.num_train_timesteps == FEW
    assert made.config.beta_start == pytest.approx(0.0001)
    assert made.config.beta_schedule == "linear"
    for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
        # A flag the class does not know stays in its config unread; it must read False too.
        if flag in inspect.signature(type(made).__init__).parameters:
            assert made.config[flag] is meant.arguments.get(flag, False)
    if "timestep_spacing" in meant.arguments:
        assert made.config.timestep_spacing == meant.arguments["timestep_spacing"]
        assert made.config.steps_offset == meant.arguments.get("steps_offset", 0)
    assert made.config.get("clip_sample") in (None, False)


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "Heun", "LMS", "DDIM", "DDPM"])
def test_automatic_keeps_the_trailing_steps_of_a_checkpoint_that_needs_them(sampler):
    made = make_scheduler(sampler, "automatic", trained(timestep_spacing="trailing"), steps=1)
    made.set_timesteps(1)
    assert made.timesteps[0] == 999


def test_what_a_config_took_from_its_own_class_is_not_replaced_by_another_classs_default():
    """diffusers leaves out of `from_config` whatever the config marks as its class's default."""
    facts = {
        "num_train_timesteps": FEW,
        "beta_start": 0.002,
        "beta_end": 0.03,
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
    }
    made = make_scheduler("Euler", "normal", facts | {"_use_default_values": [*facts]}).config
    assert {name: made[name] for name in facts} == facts
    betas = {"trained_betas": [0.001, 0.002, 0.003]}
    made = make_scheduler("Euler", "normal", betas | {"_use_default_values": [*betas]}).config
    assert made.trained_betas == betas["trained_betas"]


def test_zero_terminal_snr_is_kept_or_refused():
    config = trained("v_prediction", rescale_betas_zero_snr=True)
    made = make_scheduler("DPM++ 2M", "automatic", config)
    assert made.alphas_cumprod[-1] < 1e-6
    with pytest.raises(ConfigError, match=r"'Heun' cannot run .* zero terminal SNR; choose Euler"):
        make_scheduler("Heun", "automatic", config)


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}, "flow matching"),
        ({"prediction_type": "sample"}, "prediction type 'sample'"),
        ({"prediction_type": "flow_prediction"}, "prediction type 'flow_prediction'"),
    ],
)
def test_a_checkpoint_trained_in_another_way_is_refused(config, what):
    with pytest.raises(ConfigError, match=f"trained with {what}"):
        make_scheduler("Euler", "automatic", config)


def test_a_made_scheduler_shares_nothing_with_the_config_or_another():
    config = trained()
    before = dict(config)
    first, second = (make_scheduler("DPM++ 2M", "automatic", config) for _ in range(2))
    first.set_timesteps(5)
    assert config == before
    assert first is not second
    assert second.num_inference_steps is None


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_a_config_says_for_other_classes_brings_no_notice_into_a_cell(sampler):
    """As SDXL's own config, of Euler's class, keeps PNDM's settings."""
    strays = {"skip_prk_steps": True, "use_karras_sigmas": "no", "of_nobody": 1}
    config = trained(num_train_timesteps=FEW) | {"_class_name": "EulerDiscreteScheduler"} | strays
    said, handler = [], logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("diffusers").addHandler(handler)
    try:
        make_scheduler(sampler, "automatic", config, steps=20, seed=1)
    finally:
        logging.getLogger("diffusers").removeHandler(handler)
    assert said == []
