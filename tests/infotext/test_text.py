"""What is written of a config is read back exactly, and A1111's own texts are read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.infotext import text as infotext
from medialab.settings.choices import EMPHASES
from medialab.settings.samplers import SAMPLERS

HASH = "abcdef1234"


def resolved(**settings):
    known = {"width": 512, "height": 768, "seed": 1, "checkpoint_sha256": "0" * 64}
    return ResolvedConfig.model_validate(known | settings)


def written(**settings):
    return infotext.write(resolved(**settings), checkpoint_hash=HASH, version="v1.0")


def test_the_text_is_a1111s_line_for_line():
    text = written(
        prompt="a cat, (sitting:1.2)\non a mat",
        negative_prompt="dog",
        checkpoint="sdxl-base",
        schedule="karras",
        guidance_scale=7,
    )
    assert text == (
        "a cat, (sitting:1.2)\non a mat\n"
        "Negative prompt: dog\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1, "
        "Size: 512x768, Model hash: abcdef1234, Model: sdxl-base, Version: v1.0"
    )


def test_clip_skip_and_emphasis_are_written_when_they_are_not_usual():
    assert "Clip skip" not in written()
    assert "Emphasis" not in written()
    text = written(clip_skip=2, emphasis="no norm")
    assert ", Model: paperdoll, Clip skip: 2, Emphasis: No norm, " in text


def test_a_guidance_that_was_told_or_changed_is_forges_item_and_comes_back():
    key = "Distilled CFG Scale"
    assert key not in written()
    changed = written(distilled_guidance_scale=2.5)
    assert f", CFG scale: 5, {key}: 2.5, Seed: 1, " in changed
    assert infotext.read(changed).settings["distilled_guidance_scale"] == 2.5
    told = {"name": "txt2img", "applied": {"distilled_guidance_scale": 3.5}}
    record = {"stages": [told]}
    drawn = infotext.write(resolved(), checkpoint_hash=HASH, version="v1.0", record=record)
    assert f"{key}: 3.5, " in drawn
    hires = {"enabled": True, "distilled_guidance_scale": 4.0}
    assert f"Hires {key}: 4, " in written(refiner=hires)
    found = infotext.read(f"a\nSteps: 1, Sampler: Euler, Seed: 2, Hires {key}: 4, Hires upscale: 2")
    assert found.settings["refiner"]["distilled_guidance_scale"] == 4.0


def test_a_vae_is_written_after_the_model_and_read_under_any_ending():
    assert "VAE" not in written()
    text = written(vae="kl-f8", models_sha256={"vae/kl-f8": "12" * 32})
    assert ", Model: paperdoll, VAE hash: 1212121212, VAE: kl-f8.safetensors, Version" in text
    assert infotext.read(text).settings["vae"] == "kl-f8"
    for shown, name in (("kl-f8.ckpt", "kl-f8"), ("kl.f8.vae.pt", "kl.f8.vae"), ("None", "")):
        found = infotext.read(f"a\nSteps: 1, Sampler: Euler, Seed: 2, VAE: {shown}")
        assert found.settings["vae"] == name
        assert "VAE" not in found.rest


@pytest.mark.parametrize("name", ["", "kl-f8", "a, b: c", "x.pt"])
def test_vaes_of_the_picture_and_of_stages_come_back(name):
    config = resolved(
        vae="base",
        mode="img2img",
        img2img={"vae": name},
        refiner={"enabled": True, "vae": name},
        hand={"enabled": True, "vae": name},
        upscaler={"vae": name},
    )
    text = infotext.write(config, checkpoint_hash=HASH, version="v1.0")
    found = PipelineConfig.parse(infotext.read(text).settings)
    assert found.vae == "base"
    assert {found.img2img.vae, found.refiner.vae, found.hand.vae, found.upscaler.vae} == {name}


def test_an_empty_request_is_the_parameters_line_alone():
    assert written().startswith("Steps: 20, ")
    assert "\n" not in written()


@pytest.mark.parametrize(
    ("schedule", "shown"),
    [("automatic", "Automatic"), ("sgm uniform", "SGM Uniform"), ("simple", "Simple")],
)
def test_schedules_are_shown_under_a1111s_names(schedule, shown):
    assert f"Schedule type: {shown}," in written(schedule=schedule)


def test_a_prompt_that_a1111_can_hold_is_not_written_twice():
    assert "Exact" not in written(prompt="a\n\nb", negative_prompt="c\nd")


def test_the_parameters_line_starts_with_steps_as_civitai_needs():
    text = written(prompt="Steps: 3", negative_prompt="x")
    assert text.split("\n")[-1].startswith("Steps: ")


ALIKE = st.sampled_from(
    [
        "Negative prompt:",
        "Negative prompt: x",
        "Steps: 1, Sampler: Euler, Seed: 2",
        " ",
        "\n",
        "\r\n",
        '"',
        "\\",
        ",",
        ":",
        "{",
        "\u2028",
        "<lora:a:0.5>",
    ]
)


PROMPTS = st.one_of(st.text(max_size=40), st.lists(ALIKE | st.text(max_size=5)).map("".join))


CONFIGS = st.builds(
    resolved,
    prompt=PROMPTS,
    negative_prompt=PROMPTS,
    checkpoint=PROMPTS,
    sampler=st.sampled_from(sorted(SAMPLERS)),
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(2, 50),
    guidance_scale=st.floats(1, 30),
    width=st.integers(8, 512).map(lambda blocks: 8 * blocks),
    height=st.integers(8, 512).map(lambda blocks: 8 * blocks),
    clip_skip=st.integers(1, 12),
    emphasis=st.sampled_from(EMPHASES),
)


@given(CONFIGS)
@example(resolved(prompt="  outer spaces  "))
@example(resolved(prompt="a\nNegative prompt: not one", negative_prompt="one"))
@example(resolved(prompt="\n", negative_prompt="a\nNegative prompt: b"))
@example(resolved(prompt="x\nSteps: 1, Sampler: Euler, Seed: 2"))
@example(resolved(checkpoint='"quoted"'))
def test_what_is_written_is_read_back(config):
    text = infotext.write(config, checkpoint_hash=HASH, version="1")
    parsed = infotext.read(text)
    names = "prompt negative_prompt checkpoint sampler schedule seed steps guidance_scale width"
    for name in [*names.split(), "height"]:
        assert parsed.settings[name] == getattr(config, name), name
    # What the text leaves out is at its default.
    told = PipelineConfig.parse(parsed.settings)
    assert (told.clip_skip, told.emphasis) == (config.clip_skip, config.emphasis)
    assert parsed.rest == {"Model hash": HASH, "Version": "1"}


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [(sampler, schedule) for sampler, has in SAMPLERS.items() for schedule in has.schedules],
)
def test_every_pair_is_read_back(sampler, schedule):
    parsed = infotext.read(written(sampler=sampler, schedule=schedule))
    assert (parsed.settings["sampler"], parsed.settings["schedule"]) == (sampler, schedule)


@given(st.text() | st.lists(ALIKE | st.text(max_size=5)).map("".join))
def test_any_text_is_read_into_settings_that_a_config_takes(text):
    PipelineConfig.parse(infotext.read(text).settings)
    PipelineConfig.parse(infotext.read(f"Steps: 1, Size: 1x1, {text}").settings)


A1111 = """masterpiece, 1girl
standing
Negative prompt: bad hands
blurry
Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 42, Size: 512x768, \
Model hash: cc6cb27103, Model: v1-5, Clip skip: 2, Denoising strength: 0.4, \
Hires upscale: 2, Lora hashes: "one: 0123456789ab, two: ba9876543210", \
TI hashes: "x: 1, y: 2", Version: v1.7.0"""


def test_a_picture_of_a1111_is_read():
    parsed = infotext.read(A1111)
    assert parsed.settings == {
        "prompt": "masterpiece, 1girl\nstanding",
        "negative_prompt": "bad hands\nblurry",
        "steps": 28,
        "sampler": "DPM++ 2M",
        "schedule": "karras",
        "guidance_scale": 6.5,
        "seed": 42,
        "width": 512,
        "height": 768,
        "checkpoint": "v1-5",
        "clip_skip": 2,
        "refiner": {"enabled": True, "scale": 2.0, "denoising_strength": 0.4},
    }
    assert parsed.rest == {
        "Model hash": "cc6cb27103",
        "Lora hashes": "one: 0123456789ab, two: ba9876543210",
        "TI hashes": "x: 1, y: 2",
        "Version": "v1.7.0",
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("Steps: 999", "Steps"),
        ("Steps: many", "Steps"),
        ("CFG scale: nan", "CFG scale"),
        ("Size: 5000x301", "Size"),
        ("Size: big", "Size"),
        ("Sampler: DPM++ 3M SDE", "Sampler"),
        ("Seed: 99999999999999999999", "Seed"),
        ("Clip skip: 13", "Clip skip"),
        ("Emphasis: Louder", "Emphasis"),
    ],
)
def test_a_value_that_a_config_would_refuse_is_told_in_the_rest(line, key):
    parsed = infotext.read(f"cat\n{line}, Version: 1, User: me")
    assert parsed.rest[key] == line.partition(": ")[2]
    assert set(parsed.settings) == {"prompt", "negative_prompt"}


def test_a_schedule_that_the_sampler_cannot_honour_is_told_in_the_rest():
    parsed = infotext.read("cat\nSteps: 2, Sampler: Euler a, Schedule type: Karras")
    assert parsed.settings["schedule"] == "automatic"
    assert parsed.rest == {"Schedule type": "Karras"}


def test_steps_that_the_sampler_cannot_take_leave_it_in_the_rest():
    parsed = infotext.read("cat\nSteps: 60, Sampler: LCM, Seed: 1")
    assert "sampler" not in parsed.settings
    assert parsed.rest == {"Sampler": "LCM"}
    assert "cannot take 60 steps" in parsed.why["Sampler"]
    few = infotext.read("cat\nSteps: 1, Sampler: DDIM, Schedule type: SGM Uniform")
    assert few.settings["schedule"] == "sgm uniform"


def test_a_missing_schedule_means_automatic():
    assert infotext.read("Steps: 2, Sampler: Euler, Seed: 1").settings["schedule"] == "automatic"


HIRES = {
    "enabled": True,
    "denoising_strength": 0.45,
    "checkpoint": "other",
    "sampler": "Heun",
    "prompt": "a hat, red",
    "guidance_scale": 6.5,
    "schedule": "normal",
    "steps": 9,
    "upscaler": "latent nearest",
}


CASES = {
    "variation": (
        {"variation_seed": 9, "variation_strength": 0.25},
        "Variation seed: 9, Variation seed strength: 0.25",
    ),
    "hires": (
        {"refiner": HIRES | {"scale": 1.5}},
        (
            "Denoising strength: 0.45, Hires checkpoint: other, Hires sampler: Heun, "
            'Hires prompt: "a hat, red", Hires CFG Scale: 6.5, Hires schedule type: Normal, '
            "Hires upscale: 1.5, Hires steps: 9, Hires upscaler: Latent (nearest)"
        ),
    ),
    "hires to a size": (
        {"refiner": {"enabled": True, "width": 800, "upscaler": "4x-Ultra"}},
        "Denoising strength: 0.7, Hires resize: 800x0, Hires upscaler: 4x-Ultra",
    ),
    "refiner": (
        {"handover_checkpoint": "xl-refiner", "switch_at": 0.7},
        "Refiner: xl-refiner, Refiner switch at: 0.7",
    ),
    "image to image": (
        {"mode": "img2img", "image": "c" * 64, "img2img": {"denoising_strength": 0.6}},
        "Denoising strength: 0.6",
    ),
    "inpaint": (
        {
            "mode": "inpaint",
            "image": "c" * 64,
            "inpaint": {
                "mask": "d" * 64,
                "denoising_strength": 0.9,
                "mask_blur": 8,
                "inverted": True,
                "only_masked": True,
                "padding": 48,
                "masked_content": "latent noise",
            },
        },
        (
            "Denoising strength: 0.9, Mask mode: Inpaint not masked, Mask blur: 8, "
            "Inpaint area: Only masked, Masked area padding: 48, Masked content: latent noise"
        ),
    ),
    "controlnet": (
        {
            "control": [
                {"model": "lines", "preprocessor": "soft edge", "image": "c" * 64, "end": 0.5}
            ]
        },
        (
            'ControlNet 0: "Module: softedge_hed, Model: lines, Weight: 1.0, '
            'Resize Mode: Crop and Resize, Guidance Start: 0.0, Guidance End: 0.5"'
        ),
    ),
    "tiles": (
        {
            "upscaler": {
                "enabled": True,
                "denoising_strength": 0.25,
                "diffusion_tile": 512,
                "diffusion_overlap": 64,
            }
        },
        (
            "Denoising strength: 0.25, Ultimate SD upscale upscaler: Lanczos, "
            "Ultimate SD upscale tile_width: 512, Ultimate SD upscale tile_height: 512, "
            "Ultimate SD upscale padding: 64"
        ),
    ),
    "file": (
        {
            "format": "webp",
            "quality": 70,
            "file_name": "[seed]",
            "colour_match": 0.5,
            "colour_balance": 0.5,
        },
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_stages_are_written_under_a1111s_keys_and_read_back_exactly(case):
    settings, said = CASES[case]
    config = resolved(**settings)
    text = infotext.write(config, checkpoint_hash=HASH, version="1")
    assert said in text
    parsed = infotext.read(text)
    assert parsed.rest == {"Model hash": HASH, "Version": "1"}
    assert PipelineConfig.parse(parsed.settings) == config.asked()


@pytest.mark.parametrize("case", [case for case in CASES if case not in {"controlnet", "file"}])
def test_a1111s_keys_alone_mean_the_same_settings(case):
    settings, said = CASES[case]
    parsed = infotext.read(f"cat\nSteps: 20, Sampler: Euler, Seed: 1, {said}")
    assert parsed.rest == {}
    for name, value in settings.items():
        if isinstance(value, dict):
            # What infotext cannot hold is a picture, and whether tiles were drawn here.
            told = {key: one for key, one in value.items() if key not in {"mask", "enabled"}}
            assert {key: parsed.settings[name][key] for key in told} == told
        elif name not in {"mode", "image"}:
            assert parsed.settings[name] == value


def test_a_hires_fix_of_a1111_is_switched_on_and_tiles_of_others_are_not():
    hires = infotext.read("cat\nSteps: 20, Seed: 1, Hires upscale: 2, Hires upscaler: Latent")
    assert hires.settings["refiner"]["enabled"]
    tiles = infotext.read("cat\nSteps: 20, Seed: 1, Ultimate SD upscale upscaler: Lanczos")
    assert "enabled" not in tiles.settings["upscaler"]


@pytest.mark.parametrize(
    "item",
    [
        "Denoising strength: 7",
        "Hires resize: big",
        "Hires upscale: 9",
        "Mask mode: both",
        "Refiner switch at: late",
        'ControlNet 0: "Module: canny"',
        "Ultimate SD upscale padding: 33",
    ],
)
def test_a_stages_value_that_a_config_would_refuse_is_told_in_the_rest(item):
    parsed = infotext.read(f"cat\nSteps: 20, Seed: 1, Size: 64x64, {item}")
    key, _, value = item.partition(": ")
    assert parsed.rest == {key: value.strip('"')}


@pytest.mark.parametrize("name", ["ae", "t5-vae", "VAE"])
def test_our_own_text_encoder_is_no_vae_whatever_its_name(name):
    """Forge lists both alike, and the name alone tells them apart; we list text encoders alone."""
    config = ResolvedConfig(
        width=64, height=64, seed=1, checkpoint_sha256="a" * 64, text_encoder=name
    )
    text = infotext.write(config, checkpoint_hash="a" * 10, version="1")
    assert PipelineConfig.parse(infotext.read(text).settings) == config.asked()


@pytest.mark.parametrize("name", ["(", "(old", "(a, b)", "(1, 2", "[x", "{x}", "a [1234abcd]"])
def test_brackets_in_a_models_name_are_read_back(name):
    """One that opens was read up to the next that closes, items later; digits in some as a hash."""
    config = ResolvedConfig(
        width=64,
        height=64,
        seed=1,
        checkpoint=name,
        checkpoint_sha256="a" * 64,
        vae=name,
        face={"enabled": True, "detector": "mine"},
    )
    text = infotext.write(config, checkpoint_hash="a" * 10, version="1")
    assert PipelineConfig.parse(infotext.read(text).settings) == config.asked()
