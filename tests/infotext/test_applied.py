"""The record and the infotext of a picture tell what was applied, not what was asked."""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.artifacts.formats import read_infotext
from medialab.errors import ConfigError
from medialab.infotext.applied import applied_in, inversions_in, steps_handed_over

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}


@pytest.fixture
def drawn(bench):
    """A saved run, what its stages applied, and its infotext."""

    def run(**settings):
        made = bench.execute(PipelineConfig.parse(QUICK | settings))
        return made, applied_in(made.record), read_infotext(made.artifact.path)

    return run


@pytest.fixture
def copied(bench, tiny_models):
    """A second checkpoint, the same as the first but for its name."""
    import shutil

    folder = tiny_models / "checkpoints"
    shutil.copytree(folder / "paperdoll", folder / "copy")
    yield "copy"
    shutil.rmtree(folder / "copy")


def test_a_checkpoint_that_drew_nothing_is_no_refiner_in_the_infotext(drawn, copied):
    settings = {"handover_checkpoint": copied, "sampler": "Euler", "schedule": "simple"}
    run, applied, text = drawn(**settings, switch_at=0.4)
    assert steps_handed_over(applied) == 1
    sha256 = run.config.models_sha256[f"checkpoint/{copied}"]
    assert f"Refiner: {copied} [{sha256[:10]}]" in text
    for switch_at in (0.9, 1.0):
        _run, applied, text = drawn(**settings, switch_at=switch_at)
        assert applied["txt2img"]["handover"]["steps"] == "2 + 0"
        assert "Refiner" not in text


def test_a_detailer_is_told_with_what_found_its_finds_and_how_they_were_drawn(drawn):
    face = {"enabled": True, "detector": "centre", "guide_size": 64}
    _run, applied, text = drawn(face=face)
    (row,) = applied["face"]["drawn"]
    assert applied["face"]["found_by"] == "centre"
    assert "ADetailer model: centre (face)" in text
    assert f"ADetailer prompt: {row['prompt']}" in text
    assert f"ADetailer denoising strength: {row['strength']}" in text
    assert ".pt" not in text


@pytest.mark.parametrize("again", ["rerun", "cached"])
def test_what_is_told_is_the_same_when_it_was_kept(bench, drawn, again):
    face = {"enabled": True, "detector": "centre", "guide_size": 64}
    run, applied, text = drawn(face=face)
    if again == "cached":
        other, kept, second = drawn(face=face)
    else:
        other = bench.rerun(run, from_stage="face")
        kept, second = applied_in(other.record), read_infotext(other.artifact.path)
    rows = kept["face"]["drawn"]
    for row in rows:
        row.pop("kept", None)
    assert kept == applied
    assert second == text


def test_inversions_are_told_of_every_pass_that_read_one():
    record = {
        "stages": [
            {"name": "prompt", "applied": {"embeddings": ["one"]}},
            {"name": "txt2img", "applied": {}},
            {"name": "face", "applied": {"drawn": [{"embeddings": ["two", "one"]}]}},
        ]
    }
    assert inversions_in(applied_in(record)) == ["one", "two"]
    # Image to image reads for itself: what stage 1 read for nobody drew nothing.
    del record["stages"][1]
    assert inversions_in(applied_in(record)) == ["two", "one"]
    assert inversions_in(applied_in({"interrupted": {"stage": "txt2img"}})) == []


GONE = {"checkpoint": "gone", "loras": [{"name": "gone"}], "prompt": "a hat <lora:gone:1>"}
# Units that count, of stages that draw nothing.
GONE_TOO = GONE | {"vae": "gone", "control": [{"model": "gone"}]}
LEFT = (8, 24, 24, 40)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "img2img", "img2img": {"denoising_strength": 0.0, **GONE_TOO}},
        {"mode": "inpaint", "inpaint": {"denoising_strength": 0.0, "mask": "a" * 64, **GONE_TOO}},
        {"mode": "outpaint", "outpaint": {"denoising_strength": 0.0, **GONE_TOO}},
        {"refiner": {"enabled": True, "denoising_strength": 0.0, **GONE_TOO}},
        {"refiner": {"enabled": False, **GONE_TOO}},
        {"upscaler": {"enabled": True, "scale": 1.0, **GONE_TOO}},
        {
            "face": {
                "enabled": True,
                "detector": "centre",
                "denoising_strength": 0.0,
                "dynamic_power": -1.0,
                **GONE_TOO,
            }
        },
        {
            "face": {
                "enabled": True,
                "detections": [
                    {"box": LEFT, "enabled": False, "prompt": "<lora:gone:1>"},
                    {"box": LEFT, "denoising_strength": 0.0, "prompt": "<lora:gone:1>"},
                ],
                **GONE_TOO,
            }
        },
    ],
)
def test_what_a_stage_that_draws_nothing_names_is_neither_asked_for_nor_tied(bench, settings):
    if settings.get("mode"):
        settings = settings | {"image": bench.keep(Image.new("RGB", (64, 64), "red"))}
    if "inpaint" in settings:
        mask = bench.keep(Image.new("RGB", (64, 64), "white"))
        settings = settings | {"inpaint": settings["inpaint"] | {"mask": mask}}
    run = bench.execute(PipelineConfig.parse(QUICK | settings), save=False)
    assert run.config.models_sha256 == {}
    assert set(run.config.prompts) <= {"txt2img"}


def test_a_resolved_request_shows_the_prompts_of_every_pass(bench):
    config = PipelineConfig.parse(
        QUICK
        | {
            "negative_prompt": "blue",
            "refiner": {"enabled": True},
            "face": {"enabled": True, "detector": "centre", "prompt": "[PROMPT], a smile"},
            "hand": {"enabled": False, "prompt": "a hand"},
            "body": {"enabled": True, "detector": "centre", "negative_prompt": "{grey|grey}"},
        }
    )
    assert bench.resolve(config).prompts == {
        "txt2img": ("a red ball", "blue"),
        "refiner": ("a red ball", "blue"),
        "body": ("a red ball", "grey"),
        "face": ("a red ball, a smile", "blue"),
    }


def test_an_upscaler_that_did_nothing_is_not_told_as_if_it_had(drawn):
    _run, applied, _text = drawn(upscaler={"enabled": True, "scale": 1.0})
    assert applied["upscaler"]["upscaler"] == "none"
    assert applied["upscaler"]["note"] == "lanczos did nothing: the size stays the same"
    _run, applied, _text = drawn(upscaler={"enabled": True, "scale": 1.5})
    assert applied["upscaler"] == {"upscaler": "lanczos", "scale": 1.5, "width": 96, "height": 96}


def test_a_filter_that_stood_in_is_told_as_the_one_that_ran(drawn):
    refiner = {"enabled": True, "upscaler": "latent", "denoising_strength": 0.0, "scale": 1.5}
    _run, applied, _text = drawn(refiner=refiner)
    assert applied["refiner"] == {"size": [96, 96], "upscaler": "lanczos"}
    _run, applied, _text = drawn(refiner=refiner | {"denoising_strength": 0.5})
    assert applied["refiner"]["upscaler"] == "latent"


OFF = [
    {"loras": [{"name": "gone", "weight": 0.0}]},
    {"loras": [{"name": "gone", "enabled": False}]},
    {"loras": [{"name": "gone", "start": 0.5, "stop": 0.5, "text_encoder": 0.0}]},
    {"control": [{"model": "gone", "weight": 0.0}, {"model": "gone", "end": 0.0}]},
    {
        "control": [
            {
                "model": "gone",
                "preprocessor": "depth",
                "preprocessor_model": "gone",
                "enabled": False,
            }
        ]
    },
    {"handover_checkpoint": "gone", "switch_at": 1.0},
    {"variation_seed": 5},
    {"refiner": {"enabled": False, **GONE_TOO}},
    {"face": {"enabled": False, "detector": "gone", "mask_refiner": "gone", **GONE_TOO}},
    {"upscaler": {"enabled": False, "upscaler": "gone", **GONE_TOO}},
    {"img2img": GONE_TOO, "inpaint": GONE_TOO, "outpaint": GONE_TOO, "instruct": GONE_TOO},
]


def said(run):
    """What was applied, but for the note of a checkpoint that was left no step."""
    applied = {name: dict(told) for name, told in applied_in(run.record).items()}
    applied["txt2img"].pop("handover", None)
    return applied


@pytest.mark.thorough
@pytest.mark.parametrize("settings", OFF, ids="-".join)
def test_what_is_off_is_not_asked_for_nor_tied_nor_told_and_changes_no_byte(bench, settings):
    plain = bench.execute(PipelineConfig.parse(QUICK))
    run = bench.execute(PipelineConfig.parse(QUICK | settings))
    assert run.image.tobytes() == plain.image.tobytes()
    assert said(run) == said(plain)
    assert run.config.models_sha256 == {}
    text = read_infotext(run.artifact.path).partition(", Media Lab stages:")[0]
    assert text == read_infotext(plain.artifact.path).partition(", Version:")[0]


# The base's, where every pass has its own, or none draws.
BASE_GONE = {
    "prompt": "a hat <lora:gone:1>",
    "loras": [{"name": "gone"}],
    "control": [{"model": "gone", "preprocessor": "depth", "preprocessor_model": "gone"}],
}
OWN = {"prompt": "a ball", "loras": [], "control": [], "steps": 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "enhance"},
        {"mode": "enhance", "upscaler": {"enabled": True, "scale": 1.5}},
        {"mode": "enhance", "refiner": {"enabled": True, "scale": 1.0, **OWN}},
        {"mode": "enhance", "face": {"enabled": True, "detector": "centre", **OWN}},
        {"mode": "img2img", "img2img": OWN},
        {"mode": "img2img", "img2img": {"denoising_strength": 0.0}},
        {"mode": "outpaint", "outpaint": OWN},
    ],
    ids=str,
)
def test_what_no_pass_takes_over_of_the_base_is_neither_asked_for_nor_tied(bench, settings):
    image = bench.keep(Image.new("RGB", (64, 64), "red"))
    asked = QUICK | BASE_GONE | settings | {"image": image}
    run = bench.execute(PipelineConfig.parse(asked), save=False)
    assert run.config.models_sha256 == {}
    assert "gone" not in str(run.record["stages"])
    assert "control" not in applied_in(run.record)


def test_what_draws_nothing_needs_no_prompt(bench):
    image = bench.keep(Image.new("RGB", (64, 64), "red"))
    config = PipelineConfig.parse(
        QUICK | {"mode": "enhance", "image": image, "upscaler": {"enabled": True, "scale": 1.5}}
    )
    run = bench.execute(config, save=False)
    assert list(applied_in(run.record)) == ["source", "upscaler", "finish"]
    again = bench.rerun(run, from_stage="prompt", save=False)
    assert not any(stage["cached"] for stage in again.record["stages"])


def test_a_batch_of_variations_over_a_picture_differs_by_the_seed(bench):
    image = bench.keep(Image.new("RGB", (64, 64), "red"))
    settings = {"mode": "img2img", "image": image, "variation_strength": 0.5, "batch_size": 2}
    run = bench.execute(PipelineConfig.parse(QUICK | settings), save=False)
    assert run.images[0].tobytes() != run.images[1].tobytes()


def test_an_edit_in_words_refuses_what_it_would_not_follow(bench):
    image = bench.keep(Image.new("RGB", (64, 64), "red"))
    asked = QUICK | {"mode": "instruct", "image": image}
    with pytest.raises(ConfigError, match="follows no ControlNet"):
        bench.resolve(PipelineConfig.parse(asked | {"instruct": {"control": [{"model": "gone"}]}}))
    own = {"control": [{"model": "gone"}], "instruct": {"control": []}}
    assert bench.resolve(PipelineConfig.parse(asked | own)).models_sha256 == {}
