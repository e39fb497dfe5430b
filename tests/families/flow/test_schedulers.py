"""Every sampler of flow matching on every schedule, with the lists and shifts of the pipelines."""

import importlib
import inspect

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from medialab.errors import ConfigError
from medialab.families.flow.samplers import METHODS, NORMAL, SCHEDULES, SIMPLE
from medialab.families.flow.schedulers import FlowSchedulers
from medialab.settings.samplers import SAMPLERS
from medialab.settings.samplers import SCHEDULES as EVERY_SCHEDULE
from medialab.settings.steps import Plan
from tests.families.flow.analytic import drive
from tests.tiny.z_image import make_pipeline

SCHEDULERS = FlowSchedulers()
MENU = SCHEDULERS.menu()
TRAINED = {"num_train_timesteps": 1000, "shift": 3.0, "use_karras_sigmas": True, "other": 1}
DYNAMIC = {"use_dynamic_shifting": True, "shift": 1.0}
TWICE = {name for name, one in SAMPLERS.items() if one.calls_model_twice}
STOCHASTIC = [name for name, one in METHODS.items() if one.draws]


def make(sampler="Euler", schedule="automatic", trained=TRAINED, steps=4, run=None, seed=0):
    plan = Plan(steps, run or steps)
    return SCHEDULERS.make(sampler, schedule, trained, steps=plan, seed=seed)


# Names


def test_every_sampler_has_a_solver_and_every_schedule_is_there_or_refused():
    assert set(METHODS) == set(SAMPLERS) == set(MENU)
    assert set(EVERY_SCHEDULE) - set(SCHEDULES) == {"automatic", "ddim"}
    for sampler, schedules in MENU.items():
        for schedule in schedules:
            SCHEDULERS.check(sampler, schedule, "flow_prediction", zero_terminal_snr=False)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_sets_its_own_switch_and_no_other(schedule):
    config = make("Euler", schedule).config
    switches = ("karras", "exponential", "beta")
    on = {name for name in switches if config[f"use_{name}_sigmas"]}
    assert on == {schedule} & set(switches)
    assert config["shift"] == TRAINED["shift"]


@pytest.mark.parametrize(
    ("sampler", "schedule", "prediction", "setting", "choices"),
    [
        ("DDIM", "ddim", "flow_prediction", "schedule", "choose one of automatic, sgm uniform"),
        ("DPM 9", "simple", "flow_prediction", "sampler", "choose one of Euler, Euler a, Heun"),
        ("Euler", "simple", "epsilon", "prediction_type", "set prediction_type to automatic"),
    ],
)
def test_what_it_cannot_run_is_refused_with_what_it_can(
    sampler, schedule, prediction, setting, choices
):
    with pytest.raises(ConfigError, match=choices) as caught:
        SCHEDULERS.check(sampler, schedule, prediction, zero_terminal_snr=False)
    assert caught.value.setting == setting


def test_stochastic_samplers_and_ddim_say_what_they_are_here():
    told = {name for name in METHODS if SCHEDULERS.notes(name)}
    assert told == {"DDIM", *STOCHASTIC}
    assert set(STOCHASTIC) == {"Euler a", "DPM++ 2M SDE", "DPM++ SDE", "DPM2 a", "DDPM", "LCM"}
    assert SCHEDULERS.notes("DDIM") == ["DDIM: with flow matching, DDIM is the same as Euler"]


# Noise levels


def test_euler_from_noise_is_the_class_of_diffusers_itself():
    for schedule in MENU["Euler"]:
        own = type(make("Euler", schedule)) is FlowMatchEulerDiscreteScheduler
        assert own is (schedule != "normal")


def test_automatic_is_the_list_that_the_familys_pipelines_pass():
    assert SCHEDULERS.applied("DPM++ 2M", "automatic", TRAINED, 4) == SIMPLE
    other = FlowSchedulers(even=NORMAL)
    assert other.applied("DPM++ 2M", "automatic", TRAINED, 4) == NORMAL
    made = other.make("Euler", "automatic", TRAINED, steps=Plan(4, 4), seed=0)
    assert type(made) is FlowMatchEulerDiscreteScheduler


def test_simple_and_normal_are_the_same_lists_whatever_list_a_pipeline_passes():
    plain = FlowMatchEulerDiscreteScheduler(shift=3.0)
    for name, given in ((SIMPLE, {"sigmas": np.linspace(1.0, 0.2, 5)}), (NORMAL, {})):
        plain.set_timesteps(None if given else 5, **given)
        for even in (SIMPLE, NORMAL):
            family = FlowSchedulers(even=even)
            made = family.make("LMS", name, TRAINED, steps=Plan(5, 5), seed=0)
            made.set_timesteps(5) if even == NORMAL else made.set_timesteps(sigmas=[1, 1, 1, 1, 1])
            if name != even:  # else it is the list that was passed
                assert torch.equal(made.sigmas, plain.sigmas)
                assert torch.equal(made.timesteps, plain.timesteps)


@pytest.mark.parametrize("trained", [TRAINED, DYNAMIC, DYNAMIC | {"shift_terminal": 0.02}])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_all_samplers_step_through_the_levels_of_euler(schedule, trained):
    euler = make("Euler", schedule, trained, steps=6)
    euler.set_timesteps(sigmas=np.linspace(1.0, 1 / 6, 6), mu=0.9)
    assert euler.sigmas[0] == 1
    assert (euler.sigmas.diff() < 0).all()
    for sampler in (one for one, schedules in MENU.items() if schedule in schedules):
        made = make(sampler, schedule, trained, steps=6)
        made.set_timesteps(sigmas=np.linspace(1.0, 1 / 6, 6), mu=0.9)
        each = 2 if sampler in TWICE else 1
        assert made.order == each
        assert torch.equal(made.sigmas[:-1:each], euler.sigmas[:-1])
        assert torch.equal(made.timesteps[::each], euler.timesteps)
        assert len(made.timesteps) == 6 * each - (each - 1)
        assert made.sigmas[-1] == 0
        assert torch.equal(made.timesteps, made.sigmas[:-1] * 1000)


# A start from a picture: by the noise level, whatever the schedule


def test_diffusers_runs_as_many_steps_as_are_planned():
    for steps in (1, 4, 7, 25, 100):
        for strength in (0.01, 0.28, 0.29, 0.5, 0.6, 0.75, 1.0):
            plan = SCHEDULERS.planned("Euler", "simple", steps, strength, exact=False)
            timesteps = list(range(steps))
            start = int(max(steps - min(steps * strength, steps), 0))
            assert plan == (steps, len(timesteps[start:]))


def test_with_exact_steps_all_are_run_from_the_same_noise():
    plan = SCHEDULERS.planned("Euler", "simple", 6, 0.6, exact=True)
    assert plan == (10, 6)
    whole, part = make(steps=10), make(steps=10, run=6)
    for one in (whole, part):
        one.set_timesteps(sigmas=np.linspace(1.0, 0.1, 10))
    assert torch.equal(part.sigmas, whole.sigmas[4:])


@pytest.mark.parametrize("run", [1, 3, 5])
def test_one_strength_starts_all_samplers_and_schedules_with_the_same_noise(run):
    even = np.linspace(1.0, 1 / 5, 5)
    whole = FlowMatchEulerDiscreteScheduler(shift=3.0)
    whole.set_timesteps(sigmas=even)
    start = whole.sigmas[5 - run]
    picture, noise = torch.full((1, 2, 2, 2), 0.3), torch.randn(1, 2, 2, 2)
    for sampler, schedules in MENU.items():
        for schedule in set(schedules) - {NORMAL}:
            made = make(sampler, schedule, steps=5, run=run)
            made.set_timesteps(sigmas=even)
            torch.testing.assert_close(made.sigmas[0], start)
            assert len(made.timesteps) == (2 * run - 1 if sampler in TWICE else run)
            made.set_begin_index(0)  # as a pipeline does at strength 1
            noised = made.scale_noise(picture, made.timesteps[:1], noise)
            torch.testing.assert_close(noised, (1 - start) * picture + start * noise)


# Any pipeline can drive them

PIPELINES = {
    "flux.pipeline_flux": "calculate_shift",
    "flux2.pipeline_flux2_klein": "compute_empirical_mu",
    "qwenimage.pipeline_qwenimage": "calculate_shift",
    "stable_diffusion_3.pipeline_stable_diffusion_3": None,
    "chroma.pipeline_chroma": "calculate_shift",
    "z_image.pipeline_z_image": "calculate_shift",
}


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("trained", [TRAINED, DYNAMIC])
def test_each_pipeline_of_diffusers_sets_its_levels(pipeline, trained):
    module = importlib.import_module(f"diffusers.pipelines.{pipeline}")
    shift = getattr(module, PIPELINES[pipeline] or "calculate_shift")
    takes_steps = "num_steps" in inspect.signature(shift).parameters
    mu = {"mu": shift(1024, 6) if takes_steps else shift(1024)}
    if PIPELINES[pipeline]:
        given = {"sigmas": np.linspace(1.0, 1 / 6, 6), **mu}
    else:  # it has no list of its own, and a shift by size only where the config asks for one
        given = mu if trained is DYNAMIC else {}
    expected = FlowMatchEulerDiscreteScheduler.from_config(
        {**trained, "use_karras_sigmas": False, "other": None}
    )
    module.retrieve_timesteps(expected, 6, "cpu", **given)
    for sampler in MENU:
        made = make(sampler, trained=trained, steps=6)
        timesteps, _ = module.retrieve_timesteps(made, 6, "cpu", **given)
        assert torch.equal(timesteps, made.timesteps)
        if PIPELINES[pipeline]:
            assert torch.equal(timesteps[:: made.order], expected.timesteps)
        else:
            own = FlowSchedulers(even=NORMAL)
            made = own.make(sampler, "automatic", trained, steps=Plan(6, 6), seed=0)
            timesteps, _ = module.retrieve_timesteps(made, 6, "cpu", **given)
            assert torch.equal(timesteps[:: made.order], expected.timesteps)


@pytest.fixture(scope="module")
def pipeline():
    made = make_pipeline()
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture(scope="module")
def prompt_embeds(pipeline):
    return pipeline.encode_prompt("a red ball", do_classifier_free_guidance=False)[0]


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", MENU)
def test_every_pair_draws_finite_latents_and_the_same_again(pipeline, prompt_embeds, sampler):
    for schedule in MENU[sampler]:
        drawn = []
        for _ in range(2):
            pipeline.scheduler = make(sampler, schedule, steps=3, seed=5)
            called = []
            latents = pipeline(
                prompt_embeds=prompt_embeds,
                width=64,
                height=64,
                num_inference_steps=3,
                guidance_scale=0.0,
                generator=torch.Generator("cpu").manual_seed(5),
                output_type="latent",
                callback_on_step_end=lambda _p, step, _t, inputs, called=called: (
                    called.append(step) or inputs
                ),
                return_dict=False,
            )[0]
            assert len(called) == pipeline.num_timesteps == (5 if sampler in TWICE else 3)
            assert torch.isfinite(latents).all()
            drawn.append(latents)
        assert torch.equal(*drawn)


# The noise of stochastic samplers


@pytest.mark.parametrize("sampler", STOCHASTIC)
def test_new_noise_is_drawn_from_the_seed_alone_and_is_not_the_first_one(sampler):
    first = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(7))

    def draw(seed):
        torch.manual_seed(torch.seed())  # whatever the global generator holds must not matter
        made = make(sampler, steps=4, seed=seed)
        again = [drive(made, 4, first)[0] for _ in range(2)]  # a second run forgets the first
        assert torch.equal(*again)
        return again[0], made

    drawn, made = draw(7)
    assert torch.equal(drawn, draw(7)[0])
    assert not torch.equal(drawn, draw(8)[0])
    made.set_timesteps(sigmas=[1.0, 0.5])
    noise = made._drawn(first)
    assert abs(torch.corrcoef(torch.stack([noise.flatten(), first.flatten()]))[0, 1]) < 0.1
