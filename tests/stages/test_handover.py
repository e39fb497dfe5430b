"""A checkpoint that takes over within a denoising: SD1.5-shaped ones, and SDXL's refiner."""

import shutil

import pytest
import torch
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError
from models.paperdoll.family import save_checkpoint
from tests.tiny.checkpoints import write_sdxl

QUICK = {"prompt": "a red ball", "steps": 6, "width": 64, "height": 64, "seed": 7}


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    """The tiny checkpoint, a copy of it, another denoiser beside it; SDXL and its refiner."""
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel

    root = tmp_path_factory.mktemp("handed") / "models"
    shutil.copytree(tiny_models, root)
    folder = root / "checkpoints"
    shutil.copytree(folder / "paperdoll", folder / "copy")
    parts = StableDiffusionPipeline.from_pretrained(
        folder / "paperdoll", local_files_only=True
    ).components
    torch.manual_seed(5)
    unet = UNet2DConditionModel.from_config(dict(parts["unet"].config))
    save_checkpoint(folder / "other", parts["vae"], parts["text_encoder"], parts["tokenizer"], unet)
    write_sdxl(folder, parts["tokenizer"], parts["vae"])
    torch.manual_seed(6)
    (root / "loras").mkdir()
    name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    save_file(
        {
            f"{name}.lora_down.weight": torch.randn(4, 32),
            f"{name}.lora_up.weight": torch.ones(32, 4),
        },
        root / "loras" / "ink.safetensors",
    )
    return root


@pytest.fixture
def drawn(bench):
    def run(**settings):
        return bench.execute(PipelineConfig.parse(QUICK | settings), save=False)

    return run


def pixels(run):
    return run.image.tobytes()


def handed(run):
    return run.record["stages"][1]["applied"]["handover"]


@pytest.mark.thorough
@pytest.mark.parametrize("base", ["paperdoll", "xl"])
def test_it_begins_where_its_share_of_the_noise_does(drawn, base):
    other = {"paperdoll": "other", "xl": "xl-refiner"}[base]
    settings = {"checkpoint": base, "sampler": "Euler", "schedule": "simple"}
    alone = drawn(**settings)
    at_the_end = drawn(**settings, handover_checkpoint=other, switch_at=1.0)
    assert pixels(at_the_end) == pixels(alone)
    runs = {f: drawn(**settings, handover_checkpoint=other, switch_at=f) for f in (0.3, 0.6, 0.9)}
    # Of six even steps down from 999, at 999, 832, 665, 499, 332 and 166.
    assert {f: handed(run)["from_call"] for f, run in runs.items()} == {0.3: 3, 0.6: 5, 0.9: None}
    assert {f: handed(run)["steps"] for f, run in runs.items()} == {
        0.3: "2 + 4",
        0.6: "4 + 2",
        0.9: "6 + 0",
    }
    for run in (at_the_end, runs[0.9]):
        assert handed(run)["steps"] == "6 + 0"
        assert handed(run)["note"].startswith(f"{other} drew nothing: ")
    assert handed(runs[0.3])["sha256"] == runs[0.3].config.models_sha256[f"checkpoint/{other}"]
    assert len({pixels(run) for run in (alone, runs[0.3], runs[0.6])}) == 3
    assert pixels(runs[0.9]) == pixels(alone)
    assert pixels(drawn(**settings, handover_checkpoint=other, switch_at=0.6)) == pixels(runs[0.6])


@pytest.mark.thorough
@pytest.mark.parametrize(
    "settings",
    [
        {"sampler": "DPM++ 2M"},
        {"sampler": "Heun"},
        {"sampler": "Euler a"},
        {"prompt": "a [red:blue:0.5] ball"},
        {"prompt": "a red ball AND rain :0.5"},
        {"loras": [{"name": "ink", "weight": 0.5}]},
    ],
    ids=str,
)
def test_the_same_weights_under_another_name_change_no_byte(drawn, settings):
    plain = drawn(**settings)
    for name in ("paperdoll", "copy"):
        assert pixels(drawn(**settings, handover_checkpoint=name, switch_at=0.5)) == pixels(plain)


def test_the_rest_is_what_the_other_makes_of_the_bases_latents(drawn):
    """With Euler a picture is its steps alone, so a later switch lies nearer to the base."""
    import numpy as np

    settings = {"sampler": "Euler", "steps": 10}
    base = np.asarray(drawn(**settings).image).astype(int)

    def distance(share):
        run = drawn(**settings, handover_checkpoint="other", switch_at=share)
        return np.abs(np.asarray(run.image) - base).mean()

    distances = [distance(share) for share in (0.2, 0.5, 0.8)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] > 0


def test_loras_are_in_both_and_gone_afterwards(drawn, bench):
    settings = {"handover_checkpoint": "other", "switch_at": 0.5}
    plain = drawn(**settings)
    with_it = drawn(**settings, loras=[{"name": "ink"}])
    late = drawn(**settings, loras=[{"name": "ink", "start": 0.6}])  # only the other has it
    assert len({pixels(run) for run in (plain, with_it, late)}) == 3
    bench.cache.clear()
    assert pixels(drawn(**settings)) == pixels(plain)


@pytest.mark.thorough
def test_a_base_that_made_room_for_the_other_is_no_trouble(models, tmp_path, drawn):
    expected = drawn(handover_checkpoint="other", switch_at=0.5, loras=[{"name": "ink"}])
    with Workbench(models, tmp_path / "small", device="cpu") as small:
        small.registry.budget.bound = 1
        config = PipelineConfig.parse(
            QUICK | {"handover_checkpoint": "other", "switch_at": 0.5, "loras": [{"name": "ink"}]}
        )
        assert pixels(small.execute(config)) == pixels(expected)
        assert pixels(small.execute(config.changed(seed=8))) != pixels(expected)


def test_both_checkpoints_are_in_the_config_and_in_the_caches_key(bench):
    config = PipelineConfig.parse(QUICK | {"handover_checkpoint": "other", "switch_at": 0.5})
    run = bench.execute(config)
    assert "checkpoint/other" in run.config.models_sha256
    told = {one.stage: one for one in bench.explain(config.changed(handover_checkpoint="copy"))}
    assert told["prompt"].hit
    assert not told["txt2img"].hit
    assert pixels(bench.execute(run.config)) == pixels(run)


@pytest.mark.parametrize(
    ("settings", "fault", "message"),
    [
        ({"handover_checkpoint": "nose"}, ModelNotFoundError, "no checkpoint 'nose'"),
        ({"handover_checkpoint": "xl"}, ConfigError, "is of family sdxl, 'paperdoll' of paperdoll"),
        ({"checkpoint": "xl-refiner"}, ModelRefusedError, "only finishes pictures: set it as hand"),
    ],
)
def test_what_cannot_go_on_from_the_base_is_named(drawn, settings, fault, message):
    with pytest.raises(fault, match=message):
        drawn(**settings)


@pytest.mark.thorough
def test_sdxls_refiner_draws_a_picture_again_too(bench, drawn):
    given = bench.keep(drawn(checkpoint="xl").image)
    again = drawn(checkpoint="xl-refiner", mode="img2img", image=given)
    assert pixels(again) != pixels(drawn(checkpoint="xl"))


@pytest.mark.thorough
def test_sdxl_and_its_refiner_are_diffusers_two_pipelines(bench, drawn):
    """With Euler, which keeps nothing between steps, theirs and ours must be one."""
    import numpy as np

    from medialab.diffusion.drawing import Drawing
    from medialab.diffusion.encoding import encode
    from medialab.settings.schedulers import make_scheduler

    def prepared(name, task):
        model = bench.registry.load(bench.registry.find(name, "checkpoint"))
        pipeline = model.pipeline(task)
        pipeline.scheduler = make_scheduler("Euler", "simple", pipeline.scheduler.config)
        told = encode(Drawing(model), QUICK["prompt"], "").embeddings()
        generator = torch.Generator().manual_seed(QUICK["seed"])
        return pipeline, {
            **told,
            "num_inference_steps": QUICK["steps"],
            "guidance_scale": 5.0,
            "generator": generator,
        }

    base, asked = prepared("xl", "text-to-image")
    size = {"width": 64, "height": 64}
    latents = base(**asked, **size, denoising_end=0.6, output_type="latent").images
    refiner, asked = prepared("xl-refiner", "image-to-image")
    theirs = refiner(**asked, image=latents, denoising_start=0.6).images[0]
    ours = drawn(
        checkpoint="xl",
        sampler="Euler",
        schedule="simple",
        handover_checkpoint="xl-refiner",
        switch_at=0.6,
    )
    assert handed(ours)["from_call"] == 5
    apart = np.abs(np.asarray(ours.image).astype(int) - np.asarray(theirs))
    assert apart.max() <= 1
