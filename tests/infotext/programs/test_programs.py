"""Settings of each other program, read by its table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.infotext import text as infotext

SWARM = {
    "sui_image_params": {
        "prompt": "1girl, <segment:face> smile",
        "negativeprompt": "pov",
        "model": "Anime/realDream",
        "seed": 9_223_372_036_854_775_807,
        "steps": "16",
        "cfgscale": 2.0,
        "width": 1248,
        "height": 1824,
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "aspectratio": "Custom",
        "swarm_version": "0.9.8.1",
        "loras": ["flux/styleA", "turbo"],
        "loraweights": ["0.4", "0.7"],
        "clipstopatlayer": "-2",
        "freeu": "yes",
    },
    "sui_models": [
        {"name": "Anime/realDream.safetensors", "param": "model", "hash": f"0x{'ab' * 32}"},
        {"name": "flux/styleA.safetensors", "param": "loras", "hash": f"0x{'cd' * 32}"},
    ],
}


FOOOCUS = {
    "base_model": "juggernautXL",
    "base_model_hash": "aeb7e9e689",
    "clip_skip": 2,
    "full_prompt": ["cinematic still a cat", "a cat, highly detailed"],
    "guidance_scale": 4,
    "lora_combined_1": "offset : 0.1",
    "loras": [["offset", 0.1, "4852686128"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": "bad",
    "performance": "Speed",
    "prompt": "a cat",
    "refiner_model": "None",
    "refiner_switch": 0.5,
    "resolution": "(512, 768)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "127589946317439009",
    "steps": 30,
    "styles": "['Fooocus V2']",
    "vae": "Default (model)",
    "version": "Fooocus v2.5.5",
}


FOOOCUS_OF_2023 = {
    "Prompt": "a cat",
    "Negative Prompt": "bad",
    "Performance": "Speed",
    "Resolution": "(1152, 896)",
    "Guidance Scale": 4.0,
    "Base Model": "jugger.safetensors",
    "Refiner Model": "None",
    "Sampler": "dpmpp_2m_sde_gpu",
    "Scheduler": "karras",
    "Seed": 123,
    "LoRA 1": "off.safetensors : 0.1",
}


NOVELAI_4 = {
    "prompt": "1girl, rain",
    "steps": 28,
    "height": 1216,
    "width": 832,
    "scale": 5.5,
    "uncond_scale": 0.0,
    "cfg_rescale": 0.0,
    "seed": 77,
    "n_samples": 1,
    "noise_schedule": "karras",
    "legacy_v3_extend": False,
    "reference_information_extracted_multiple": [],
    "reference_strength_multiple": [],
    "sampler": "k_euler_ancestral",
    "controlnet_strength": 1.0,
    "dynamic_thresholding": False,
    "dynamic_thresholding_percentile": 0.999,
    "dynamic_thresholding_mimic_scale": 10.0,
    "sm": False,
    "sm_dyn": False,
    "skip_cfg_above_sigma": None,
    "skip_cfg_below_sigma": 0.0,
    "lora_unet_weights": None,
    "lora_clip_weights": None,
    "deliberate_euler_ancestral_bug": False,
    "prefer_brownian": True,
    "cfg_sched_eligibility": "enable_for_post_summer_samplers",
    "explike_fine_detail": False,
    "minimize_sigma_inf": False,
    "uncond_per_vibe": True,
    "wonky_vibe_correlation": True,
    "version": 1,
    "uc": "lowres",
    "v4_prompt": {
        "caption": {
            "base_caption": "1girl, rain",
            "char_captions": [{"char_caption": "girl, red hat", "centers": [{"x": 0, "y": 0}]}],
        },
        "use_coords": False,
        "use_order": True,
        "legacy_uc": False,
    },
    "v4_negative_prompt": {"caption": {"base_caption": "lowres", "char_captions": []}},
    "request_type": "PromptGenerateRequest",
    "signed_hash": "x",
}


NOVELAI = {
    "prompt": "{{tall}}, [small], fate (series), 1.2::big::",
    "steps": 28,
    "width": 832,
    "height": 1216,
    "scale": 5.0,
    "seed": 4291,
    "noise_schedule": "native",
    "sampler": "k_euler_ancestral",
    "uc": "lowres, {bad}",
    "signed_hash": "x",
    "sm": False,
}


INVOKEAI = {
    "app_version": "4.2.0",
    "positive_prompt": "a lighthouse++ (at dawn)1.2",
    "negative_prompt": "fog",
    "width": 1024,
    "height": 1024,
    "seed": 777,
    "cfg_scale": 7.5,
    "steps": 25,
    "scheduler": "dpmpp_2m_k",
    "clip_skip": 1,
    "model": {"key": "x", "hash": "blake3:abc", "name": "sdxl-base", "type": "main"},
    "loras": [{"model": {"name": "ink", "key": "1"}, "weight": 0.75}],
}


INVOKEAI_5 = {
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "a cat",
    "negative_prompt": "bad",
    "width": 1024,
    "height": 768,
    "seed": 5,
    "rand_device": "cpu",
    "cfg_scale": 5.5,
    "cfg_rescale_multiplier": 0,
    "steps": 30,
    "scheduler": "dpmpp_2m_sde_k",
    "model": {"key": "8", "hash": f"blake3:{'ab' * 32}", "name": "jugger", "base": "sdxl"},
    "vae": {"key": "9", "hash": f"blake3:{'cd' * 32}", "name": "fp16-fix", "base": "sdxl"},
    "loras": [{"model": {"name": "ink", "hash": f"blake3:{'ef' * 32}"}, "weight": 0.7}],
    "positive_style_prompt": "a cat",
    "negative_style_prompt": "",
    "strength": 0.0,
    "hrf_enabled": False,
    "controlnets": [
        {
            "control_model": {"name": "canny-sdxl", "hash": "blake3:00"},
            "control_weight": 0.75,
            "begin_step_percent": 0,
            "end_step_percent": 0.8,
            "control_mode": "balanced",
        }
    ],
    "regions": [],
    "app_version": "5.6.0",
}


INVOKEAI_2 = {
    "model": "stable diffusion",
    "model_weights": "stable-diffusion-1.5",
    "model_hash": "cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516",
    "app_id": "invoke-ai/InvokeAI",
    "app_version": "v2.2.0",
    "image": {
        "prompt": [{"prompt": "a ((dog)) running [ugly]", "weight": 1.0}],
        "steps": 50,
        "cfg_scale": 7.5,
        "threshold": 0,
        "height": 512,
        "width": 512,
        "seed": 3561693215,
        "sampler": "k_lms",
    },
}


EASY = {
    "prompt": "a cat",
    "seed": 5,
    "num_inference_steps": 25,
    "guidance_scale": 7.5,
    "width": 512,
    "height": 512,
    "sampler_name": "euler_a",
    "use_stable_diffusion_model": "sd-v1-5",
    "negative_prompt": "bad",
}


# By program: what is written, some settings that it means, and what is told beside them.
CASES = {
    "SwarmUI": (
        SWARM,
        {
            "prompt": "1girl, <segment:face> smile",
            "negative_prompt": "pov",
            "seed": 2**63 - 1,
            "steps": 16,
            "guidance_scale": 2.0,
            "width": 1248,
            "height": 1824,
            "sampler": "DPM++ 2M SDE",
            "schedule": "karras",
            "clip_skip": 2,
            "checkpoint": "Anime/realDream",
        },
        {"Model hash": "ab" * 32, "Lora hashes": f"styleA: {'cd' * 32}", "freeu": "yes"},
    ),
    "Fooocus": (
        FOOOCUS,
        {
            "prompt": "a cat",
            "negative_prompt": "bad",
            "seed": 127589946317439009,
            "steps": 30,
            "guidance_scale": 4.0,
            "width": 512,
            "height": 768,
            "sampler": "DPM++ 2M SDE",
            "schedule": "karras",
            "clip_skip": 2,
            "checkpoint": "juggernautXL",
        },
        {
            "Model hash": "aeb7e9e689",
            "Lora hashes": "offset: 4852686128",
            "performance": "Speed",
            "styles": "['Fooocus V2']",
        },
    ),
    "Fooocus ": (
        FOOOCUS_OF_2023,
        {"prompt": "a cat", "seed": 123, "steps": 30, "width": 1152, "sampler": "DPM++ 2M SDE"},
        {"Performance": "Speed"},
    ),
    "NovelAI": (
        NOVELAI,
        {
            "prompt": r"((tall:1.05):1.05), (small:0.9524), fate \(series\), (big:1.2)",
            "negative_prompt": "lowres, (bad:1.05)",
            "seed": 4291,
            "steps": 28,
            "guidance_scale": 5.0,
            "width": 832,
            "sampler": "Euler a",
            "schedule": "normal",
        },
        {},
    ),
    "NovelAI ": (
        {"Software": "NovelAI", "Source": "NovelAI V4", "Comment": json.dumps(NOVELAI)},
        {"seed": 4291, "sampler": "Euler a", "checkpoint": "NovelAI V4"},
        {},
    ),
    "NovelAI  ": (
        {
            "Software": "NovelAI",
            "Source": "NovelAI Diffusion V4.5 4BDE2A90",
            "Description": "1girl, rain",
            "Comment": json.dumps(NOVELAI_4),
        },
        {
            "prompt": "1girl, rain",
            "negative_prompt": "lowres",
            "seed": 77,
            "steps": 28,
            "guidance_scale": 5.5,
            "sampler": "Euler a",
            "checkpoint": "NovelAI Diffusion V4.5 4BDE2A90",
        },
        {
            "Schedule type": "karras",
            "characters of the prompt": "girl, red hat",
        },
    ),
    "InvokeAI": (
        INVOKEAI,
        {
            "prompt": "a (lighthouse:1.21) (at dawn:1.2)",
            "negative_prompt": "fog",
            "seed": 777,
            "steps": 25,
            "guidance_scale": 7.5,
            "width": 1024,
            "sampler": "DPM++ 2M",
            "schedule": "karras",
            "clip_skip": 2,
            "checkpoint": "sdxl-base",
            "loras": ({"name": "ink", "weight": 0.75},),
        },
        {},
    ),
    "InvokeAI  ": (
        INVOKEAI_5,
        {
            "prompt": "a cat",
            "negative_prompt": "bad",
            "width": 1024,
            "height": 768,
            "seed": 5,
            "steps": 30,
            "guidance_scale": 5.5,
            "sampler": "DPM++ 2M SDE",
            "schedule": "karras",
            "checkpoint": "jugger",
            "vae": "fp16-fix",
            "loras": ({"name": "ink", "weight": 0.7},),
            "img2img": None,
            "control": (
                {
                    "model": "canny-sdxl",
                    "preprocessor": "none",
                    "weight": 0.75,
                    "start": 0.0,
                    "end": 0.8,
                    "enabled": False,
                },
            ),
        },
        {"Model hash": "ab" * 32, "VAE hash": "cd" * 32, "Lora hashes": f"ink: {'ef' * 32}"},
    ),
    "InvokeAI   ": (
        {
            "id": "x",
            "nodes": {
                "1": {"type": "denoise_latents", "steps": 30},
                "2": {"type": "core_metadata", **INVOKEAI_5},
            },
            "edges": [],
        },
        {"prompt": "a cat", "seed": 5, "checkpoint": "jugger"},
        {"Model hash": "ab" * 32, "VAE hash": "cd" * 32, "Lora hashes": f"ink: {'ef' * 32}"},
    ),
    "InvokeAI ": (
        INVOKEAI_2,
        {
            "prompt": "a ((dog)) running",
            "negative_prompt": "ugly",
            "seed": 3561693215,
            "steps": 50,
            "width": 512,
            "sampler": "LMS",
            "checkpoint": "stable-diffusion-1.5",
        },
        {"Model hash": INVOKEAI_2["model_hash"]},
    ),
    "Easy Diffusion": (
        EASY,
        {"prompt": "a cat", "negative_prompt": "bad", "seed": 5, "steps": 25, "sampler": "Euler a"},
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("indent", [None, 2])
def test_each_programs_settings_are_read_by_its_table(name, indent):
    written, means, told = CASES[name]
    parsed = infotext.read(json.dumps(written, indent=indent))
    assert parsed.program == name.strip()
    assert {key: parsed.settings.get(key) for key in means} == means
    assert parsed.rest == told
    PipelineConfig.parse(parsed.settings)


def test_loras_outside_the_prompt_keep_their_weights():
    assert infotext.read(json.dumps(SWARM)).settings["loras"] == (
        {"name": "styleA", "weight": 0.4},
        {"name": "turbo", "weight": 0.7},
    )
    assert infotext.read(json.dumps(FOOOCUS)).settings["loras"] == (
        {"name": "offset", "weight": 0.1},
    )


def test_what_means_something_in_that_program_alone_is_told():
    assert "<segment:…>" in " ".join(infotext.read(json.dumps(SWARM)).notes)
    assert "NovelAI's weights" in " ".join(infotext.read(json.dumps(NOVELAI)).notes)


def test_a_sampler_that_does_not_run_here_is_listed_and_not_replaced():
    parsed = infotext.read(json.dumps(NOVELAI | {"sampler": "k_dpmpp_2s_ancestral"}))
    assert "sampler" not in parsed.settings
    assert parsed.rest["Sampler"] == "k_dpmpp_2s_ancestral"
    assert "no sampler" in parsed.why["Sampler"]


def test_draw_things_is_no_novelai():
    written = {
        "c": "a cat",
        "uc": "bad",
        "model": "sd.ckpt",
        "sampler": "DPM++ 2M Karras",
        "v2": {},
        "scale": 7.5,
        "seed": 1,
        "size": "512x768",
        "steps": 20,
        "strength": 1,
    }
    parsed = infotext.read(json.dumps(written))
    assert (parsed.program, dict(parsed.rest)) == ("Draw Things", {})
    assert parsed.settings["prompt"] == "a cat"
    assert parsed.settings["height"] == 768


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(CASES)), st.data())
def test_no_value_makes_reading_fail(name, data):
    written = json.loads(json.dumps(CASES[name][0]))
    part = written.get("sui_image_params") or written.get("image") or written
    for key in data.draw(st.lists(st.sampled_from(sorted(part)), max_size=4)):
        part[key] = data.draw(VALUES)
    parsed = infotext.read(json.dumps(written))
    PipelineConfig.parse(parsed.settings)


def test_swarms_refiner_is_a_hires_fix_or_a_second_checkpoint():
    image = SWARM["sui_image_params"] | {"refinermodel": "refine", "refinercontrolpercentage": 0.2}
    swapped = {"sui_image_params": image | {"refinermethod": "StepSwap"}}
    settings = infotext.read(json.dumps(swapped)).settings
    assert (settings["handover_checkpoint"], settings["switch_at"]) == ("refine", 0.8)
    assert "refiner" not in settings
    applied = image | {
        "refinermethod": "PostApply",
        "refinerupscale": 1.5,
        "refinerupscalemethod": "model-4x-UltraSharp.pth",
        "refinersteps": 12,
    }
    settings = infotext.read(json.dumps({"sui_image_params": applied})).settings
    assert settings["refiner"] == {
        "enabled": True,
        "checkpoint": "refine",
        "scale": 1.5,
        "steps": 12,
        "upscaler": "4x-UltraSharp",
        "denoising_strength": 0.2,
    }
    assert "handover_checkpoint" not in settings


@pytest.mark.parametrize("settings", [[], "x", True, 5, 1.5, ["3", 0], {}])
def test_settings_of_swarmui_that_are_no_object_set_nothing(settings):
    read = infotext.read(json.dumps({"sui_image_params": settings}))
    assert not any(read.settings.values())


def invoked(prompt):
    parsed = infotext.read(json.dumps(INVOKEAI | {"positive_prompt": prompt}))
    return parsed.settings["prompt"], " ".join(parsed.notes)


@given(st.floats(0, 99).filter(lambda one: "e" not in repr(one)))
def test_a_weight_of_invokeai_is_read_as_it_is_written(weight):
    """Of more than four decimals it was text; of others the fourth digit was the last."""
    assert invoked(f"a (red cat){weight} here")[0] == f"a (red cat:{weight}) here"


@pytest.mark.parametrize(
    ("prompt", "here"),
    [
        ("a cat--, dog", "a (cat:0.81), dog"),
        ("a cat---", "a (cat:0.729)"),
        ("a cat+++++++++", "a (cat:2.35795)"),
        ("well-known cat - dog--house, -- x", "well-known cat - dog--house, -- x"),
    ],
)
def test_words_of_invokeai_are_made_weaker_too(prompt, here):
    assert invoked(prompt)[0] == here


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("cat.swap(dog)", "swap"),
        ('("a cat", "a dog").blend(1, 1)', "blend"),
        ('("a").and()', "and"),
    ],
)
def test_what_joins_prompts_in_invokeai_alone_is_told(prompt, name):
    assert f".{name}(…) in the prompt is InvokeAI's" in invoked(prompt)[1]
    assert "InvokeAI's" not in invoked("a cat. and a dog (blend)")[1]


def test_a_break_of_swarmui_is_one_here_and_its_other_tags_are_told():
    image = SWARM["sui_image_params"] | {"prompt": "a cat<break>dog <setvar[x]:y> <trigger>"}
    image["negativeprompt"] = "pov <break>text"
    parsed = infotext.read(json.dumps(SWARM | {"sui_image_params": image}))
    assert parsed.settings["prompt"].startswith("a cat BREAK dog")
    assert parsed.settings["negative_prompt"] == "pov BREAK text"
    for tag in ("setvar", "trigger"):
        assert f"<{tag}:…> in the prompt is SwarmUI's" in " ".join(parsed.notes)
