"""Samplers and schedules under other programs' names."""

import pytest

from medialab.errors import ConfigError
from medialab.infotext.sampler_names import parse_sampler_name, parse_schedule_name
from medialab.settings.samplers import SAMPLERS, SCHEDULES


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_our_own_names_mean_themselves_however_they_are_spelt(sampler, schedule):
    spelt = f"  {sampler.upper()}  {schedule.title()} "
    assert parse_sampler_name(spelt) == (sampler, schedule)
    assert parse_schedule_name(schedule.replace(" ", "_")) == schedule


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Euler a", ("Euler a", "automatic")),
        ("DPM++ 2M Karras", ("DPM++ 2M", "karras")),
        ("DPM++ 2M SDE Karras", ("DPM++ 2M SDE", "karras")),
        ("DPM++ SDE  Exponential", ("DPM++ SDE", "exponential")),
        ("DPM2 a Karras", ("DPM2 a", "karras")),
        ("Euler SGM Uniform", ("Euler", "sgm uniform")),
        # ComfyUI, SwarmUI, Fooocus
        ("euler_ancestral", ("Euler a", "automatic")),
        ("dpmpp_2m_sde_gpu", ("DPM++ 2M SDE", "automatic")),
        ("dpmpp_sde_gpu", ("DPM++ SDE", "automatic")),
        ("dpm_2_ancestral", ("DPM2 a", "automatic")),
        ("uni_pc_bh2", ("UniPC", "automatic")),
        ("uni_pc", ("UniPC", "automatic")),
        # NovelAI
        ("k_euler_ancestral", ("Euler a", "automatic")),
        ("k_dpmpp_2m", ("DPM++ 2M", "automatic")),
        ("ddim_v3", ("DDIM", "automatic")),
        # InvokeAI
        ("euler_a", ("Euler a", "automatic")),
        ("euler_k", ("Euler", "karras")),
        ("dpmpp_2m_sde_k", ("DPM++ 2M SDE", "karras")),
        ("kdpm_2_a_k", ("DPM2 a", "karras")),
        ("k_dpmpp_2", ("DPM++ 2M", "automatic")),
        # SD.Next and diffusers
        ("KDPM2 a", ("DPM2 a", "automatic")),
        ("LMSD", ("LMS", "automatic")),
        ("DPM SDE", ("DPM++ SDE", "automatic")),
        ("EulerAncestralDiscreteScheduler", ("Euler a", "automatic")),
        # Draw Things, Stability
        ("Euler Ancestral", ("Euler a", "automatic")),
        ("K_DPM_2", ("DPM2", "automatic")),
    ],
)
def test_other_programs_names_mean_a_sampler_of_ours(name, expected):
    assert parse_sampler_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("", "Karras", "Euler Euler", "k", "DPM++ 3M SDE", "dpmpp_3m_sde_gpu", "DPM++ 2S a"),
        *("DPM++ 2M SDE Heun", "DPM++ 2M Turbo", "DPM fast", "dpm_adaptive", "heunpp2", "PLMS"),
        *(
            "Restart",
            "res_multistep",
            "euler_cfg_pp",
            "k_dpmpp_2s_ancestral",
            "pndm",
            "tcd",
            "er_sde",
        ),
        "euler " * 100_000,
    ],
)
def test_a_name_that_is_no_sampler_here_is_refused_and_never_replaced(name):
    with pytest.raises(ConfigError, match="no sampler"):
        parse_sampler_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("", "automatic"), ("Automatic", "automatic"), ("Karras", "karras")),
        *(("sgm_uniform", "sgm uniform"), ("SGM Uniform", "sgm uniform")),
        *(("ddim_uniform", "ddim"), ("Uniform", "normal"), ("native", "normal")),
    ],
)
def test_other_programs_names_mean_a_schedule_of_ours(name, expected):
    assert parse_schedule_name(name) == expected


@pytest.mark.parametrize("name", ["polyexponential", "Align Your Steps", "KL Optimal", "x" * 10**6])
def test_a_name_that_is_no_schedule_here_is_refused(name):
    with pytest.raises(ConfigError, match="no schedule"):
        parse_schedule_name(name)
