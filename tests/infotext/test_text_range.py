"""Every setting that a config has is written into the infotext, and read back as it was."""

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.infotext import text as infotext
from medialab.settings.fields import StageConfig
from tests.examples import examples

TIES = set(ResolvedConfig.model_fields) - set(PipelineConfig.model_fields)
# Drawn, or merged, when a request is resolved; or what a picture has one of.
NOT_WRITTEN = {"styles", "batch_size", "schema_version"}
PICTURE = "c" * 64
VALUES = [
    *(True, False, 0, 1, 2, 7, 0.0, 0.25, 0.6, 1.0, 1.5, 64, 128, -4, 2**63),
    *('a "hat", red: [PROMPT]', " x ", "<lora:ink:0.5> [SEP] [SKIP]", "Steps: 1", PICTURE),
    *("Euler", "LCM", "simple", "exponential", "v_prediction", "ignore", "mine", "lines"),
    *("model", "img2img", "inpaint", "outpaint", "instruct", "enhance", "jpeg", "webp", "[seed]"),
    *("latent bicubic", "nearest", "4x-Ultra", "merge and invert", "confidence", "padding"),
    *(
        "bfloat16",
        "float32",
        "fp8_e4m3fn",
        "left to right",
        "fill",
        "latent nothing",
        "crop and resize",
        "centre",
        "strict",
        "groups",
    ),
    [],
    ["hat", "a, b"],
    [PICTURE],
    [{"name": "ink", "weight": 0.5, "start": 0.2, "block_weights": "MIDD"}],
    [{"model": "lines", "weight": 0.7, "image": PICTURE, "preprocessor": "canny"}],
    [{"box": [1, 2, 30, 40], "prompt": "a nose", "index": 3}],
    {PICTURE: PICTURE},
]
MOST_VALUES = 2  # of each setting
BASE = {
    "width": 96,
    "height": 64,
    "seed": 5,
    "checkpoint_sha256": "d" * 64,
    "prompt": "a cat, red",
    "negative_prompt": "rain",
    "image": "b" * 64,
}


def resolved(**changes):
    return ResolvedConfig.parse(BASE | changes)


@cache
def ways():
    """Return stage ("" for the base) and setting, with values that it may have and does not have.

    Found when the first test asks: every process collects this file, and one runs it.
    """
    plain, found = resolved(), []
    for name in PipelineConfig.model_fields:
        own = getattr(plain, name)
        inner = type(own).model_fields if isinstance(own, StageConfig) else {"": None}
        for setting in inner:
            tried = 0
            for value in VALUES:
                if tried == MOST_VALUES:
                    break
                change = {name: {setting: value} if setting else value}
                try:
                    config = resolved(**change)
                except ConfigError:
                    continue
                if name not in NOT_WRITTEN and config != plain:
                    tried += 1
                    found.append((name, setting, value))
    return found


def merged(chosen):
    found = {}
    for name, setting, value in chosen:
        found[name] = {**found.get(name, {}), setting: value} if setting else value
    return found


def is_read_back(config):
    text = infotext.write(config, checkpoint_hash="0" * 10, version="1")
    parsed = infotext.read(text)
    told = PipelineConfig.parse(parsed.settings)
    assert told == config.asked(), text
    hashes = {"Model hash", "Version", "VAE hash"}
    assert set(parsed.rest) <= hashes


def test_every_setting_is_among_those_that_are_tried():
    plain = resolved()
    every = {
        (name, setting)
        for name in PipelineConfig.model_fields
        for setting in (
            type(getattr(plain, name)).model_fields
            if isinstance(getattr(plain, name), StageConfig)
            else {"": None}
        )
        if name not in NOT_WRITTEN
    }
    assert every - {(name, setting) for name, setting, _ in ways()} == set()


@pytest.mark.parametrize("first", range(3))
def test_each_setting_alone_is_read_back(first):
    """In one of three modes each, so that all of them are tried in all."""
    modes = ("txt2img", "img2img", "enhance")
    for number, way in enumerate(ways()):
        if number % len(modes) != first:
            continue
        try:
            config = resolved(**{"mode": modes[number // len(modes) % len(modes)]} | merged([way]))
        except ConfigError:
            continue
        is_read_back(config)


@settings(max_examples=examples(40), derandomize=True, deadline=None)
@given(st.lists(st.deferred(lambda: st.sampled_from(ways())), max_size=12))
def test_settings_together_are_read_back(chosen):
    try:
        config = resolved(**merged(chosen))
    except ConfigError:
        return
    is_read_back(config)


OWN = {
    "prompt": "a dog, [PROMPT]",
    "negative_prompt": "snow",
    "steps": 9,
    "sampler": "Euler",
    "schedule": "simple",
    "guidance_scale": 7.0,
    "seed": 11,
    "checkpoint": "other",
    "clip_skip": 2,
}


def test_what_stage_3_drew_with_its_own_is_what_others_read():
    config = resolved(
        mode="img2img",
        img2img=OWN,
        variation_seed=3,
        variation_strength=0.5,
        models_sha256={"checkpoint/other": "e" * 64},
    )
    text = infotext.write(config, checkpoint_hash="d" * 10, version="1")
    begin = (
        "a dog, a cat, red\nNegative prompt: snow\nSteps: 9, Sampler: Euler, Schedule type: "
        "Simple, CFG scale: 7, Seed: 11, Size: 96x64, Model hash: eeeeeeeeee, Model: other, "
        "Denoising strength: 0.75, Clip skip: 2, "
    )
    assert text.startswith(begin)
    assert "Variation" not in text  # of text to image alone
    is_read_back(config)
    # The hash is the other's, and never taken for the base's.
    assert infotext.read(text).hashes == {"checkpoint/other": "e" * 10}
    # Where it draws nothing, nothing is its own.
    still = resolved(mode="img2img", img2img=OWN | {"denoising_strength": 0.0})
    assert infotext.write(still, checkpoint_hash="d" * 10, version="1").startswith("a cat, red\n")


def test_control_that_nothing_follows_is_not_told():
    unit = {"model": "lines", "image": PICTURE}
    followed = resolved(control=[unit])
    assert "ControlNet 0" in infotext.write(followed, checkpoint_hash="0" * 10, version="1")
    for settings_of in (
        {"mode": "enhance", "upscaler": {"enabled": True}},
        {"mode": "img2img", "img2img": {"control": []}},
    ):
        config = resolved(control=[unit], **settings_of)
        assert "ControlNet 0" not in infotext.write(config, checkpoint_hash="0" * 10, version="1")
        is_read_back(config)
    own = resolved(mode="img2img", img2img={"control": [unit]})
    assert "Model: lines" in infotext.write(own, checkpoint_hash="0" * 10, version="1")


@pytest.mark.parametrize("upscaler", ["latent", "lanczos"])
def test_a_hires_fix_is_told_as_it_ran(upscaler):
    hires = {"enabled": True, "upscaler": upscaler, "prompt": "big, [PROMPT]", "steps": 9}
    config = resolved(refiner=hires)
    ran = {"stages": [{"name": "refiner", "applied": {"upscaler": "none"}}]}
    text = infotext.write(config, checkpoint_hash="0" * 10, version="1", record=ran)
    assert 'Hires prompt: "big, a cat, red"' in text
    assert "Hires upscaler: None" in text
    assert PipelineConfig.parse(infotext.read(text).settings) == config.asked()
    # Without drawing there is no prompt, and no step.
    config = resolved(refiner=hires | {"denoising_strength": 0.0})
    text = infotext.write(config, checkpoint_hash="0" * 10, version="1")
    items = json.dumps(dict(infotext.split_text(text).items))
    assert "Hires prompt" not in items
    assert "Hires steps" not in items
    is_read_back(config)
