"""A negative prompt that cannot count, and a guidance nobody is told, are said before a run."""

import pytest

from medialab import PipelineConfig, Workbench
from tests.tiny import t5_clip

UNREAD = "at guidance_scale 1 the negative prompt is not read"
REFINER = {"enabled": True, "scale": 1.5, "upscaler": "lanczos", "denoising_strength": 0.4}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("vain")
    for name, told in (("dev", True), ("schnell", False)):
        made = t5_clip.make_flux(guidance_embeds=told)
        made.save_pretrained(root / "models" / "checkpoints" / name)
    with Workbench(models=root / "models", outputs=root / "outputs", device="cpu") as workbench:
        yield workbench


def asked(checkpoint, **settings):
    usual = {
        "prompt": "a hat",
        "sampler": "Euler",
        "guidance_scale": 1.0,
        "width": 64,
        "height": 64,
    }
    return PipelineConfig.parse(usual | {"checkpoint": checkpoint, "steps": 2} | settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, []),
        ({"negative_prompt": " "}, []),
        ({"negative_prompt": "blue", "guidance_scale": 2.0}, []),
        ({"negative_prompt": "blue"}, [f"txt2img: {UNREAD}"]),
        ({"negative_prompt": "blue", "refiner": REFINER | {"guidance_scale": 2.0}}, ["txt2img"]),
        ({"negative_prompt": "blue", "refiner": REFINER}, ["txt2img", "refiner"]),
        ({"negative_prompt": "blue", "refiner": REFINER | {"enabled": False}}, ["txt2img"]),
        ({"refiner": REFINER | {"negative_prompt": "blue"}}, [f"refiner: {UNREAD}"]),
    ],
)
@pytest.mark.parametrize("checkpoint", ["dev", "schnell"])
def test_a_negative_prompt_that_is_not_read_is_told(bench, checkpoint, settings, told):
    found = bench.without_effect(asked(checkpoint, **settings))
    assert len(found) == len(told)
    assert all(one.startswith(start) for one, start in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("checkpoint", "scale", "told"), [("dev", 2.0, 0), ("schnell", 2.0, 1), ("schnell", 3.5, 0)]
)
def test_a_guidance_that_a_checkpoint_is_not_told_is_named(bench, checkpoint, scale, told):
    found = bench.without_effect(asked(checkpoint, distilled_guidance_scale=scale))
    assert [one.startswith("txt2img: distilled_guidance_scale has no effect") for one in found] == [
        True
    ] * told


def test_the_record_says_the_same_of_what_was_not_read(bench):
    run = bench.execute(asked("schnell", negative_prompt="blue"), save=False)
    (drew,) = (one for one in run.record["stages"] if one["name"] == "txt2img")
    assert drew["applied"]["notes"] == [UNREAD]


def test_a_part_of_the_steps_is_told_where_none_compares(bench):
    asked = PipelineConfig(prompt="a red ball", guidance_scale=1.0, guidance_end=0.5)
    (told,) = bench.without_effect(asked)
    assert "guidance_end have no effect" in told
    assert bench.without_effect(asked.changed(guidance_scale=2.0)) == []
