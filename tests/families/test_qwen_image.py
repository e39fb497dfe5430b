"""Qwen-Image through the stages, with the bytes of diffusers' own pipelines called by hand."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import QwenImagePipeline

from medialab import PipelineConfig
from medialab.loading.defaults import defaults_of
from medialab.loading.registry import ModelRegistry
from tests.records import applied
from tests.tiny.qwen_image import write_qwen_image, write_qwen_image_edit

NAME = "tiny-qwen"
QUICK = {
    "checkpoint": NAME,
    "prompt": "a red ball",
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
    "guidance_scale": 4.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen") / "models"
    write_qwen_image(folder / "checkpoints" / NAME)
    return folder


@pytest.fixture(scope="module")
def plain(models):
    """diffusers' own pipeline, called by hand."""
    pipeline = QwenImagePipeline.from_pretrained(
        models / "checkpoints" / NAME, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)

    def draw(prompt, *, seed=3, steps=2, width=64, height=64, **settings):
        return pipeline(
            prompt,
            width=width,
            height=height,
            num_inference_steps=steps,
            generator=torch.Generator("cpu").manual_seed(seed),
            **settings,
        ).images[0]

    return draw


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def test_with_guidance_it_draws_the_bytes_of_diffusers(bench, plain):
    run = bench.execute(quick(negative_prompt="blue", width=96))
    expected = plain("a red ball", negative_prompt="blue", true_cfg_scale=4.0, width=96)
    assert run.image.tobytes() == expected.tobytes()
    told = applied(run)
    assert (told["pipeline"], told["prediction_type"]) == ("QwenImagePipeline", "flow_prediction")
    assert "notes" not in told


def test_without_guidance_the_negative_prompt_is_not_read_and_that_is_told(bench, plain):
    expected = plain("a red ball", true_cfg_scale=1.0)
    with_one = bench.execute(quick(guidance_scale=1.0, negative_prompt="blue"))
    without = bench.execute(quick(guidance_scale=1.0))
    assert with_one.image.tobytes() == without.image.tobytes() == expected.tobytes()
    assert applied(with_one)["notes"] == ["at guidance_scale 1 the negative prompt is not read"]
    assert "notes" not in applied(without)


def test_a_size_that_is_no_multiple_of_its_blocks_is_drawn_larger_and_cut(bench, plain):
    run = bench.execute(quick(width=72, height=104))
    whole = plain("a red ball", negative_prompt="", width=80, height=112)
    assert run.image.tobytes() == whole.crop((0, 0, 72, 104)).tobytes()


def test_previews_show_the_size_that_is_drawn(bench):
    seen = []
    end = bench.executor.listen(lambda event: seen.append(event.preview))
    bench.execute(quick(width=96))
    end()
    assert {preview.size for preview in seen if preview is not None} == {(96, 64)}


@pytest.mark.parametrize(
    ("prompt", "emphasis", "read", "notes"),
    [
        ("a (red:1.3) [ball]", "original", "a red ball", ["brackets have no effect"]),
        ("a (red:1.3) ball", "none", "a (red:1.3) ball", []),
    ],
)
def test_brackets_weigh_nothing_and_that_is_told(bench, plain, prompt, emphasis, read, notes):
    run = bench.execute(quick(prompt=prompt, emphasis=emphasis, guidance_scale=1.0))
    assert run.image.tobytes() == plain(read, true_cfg_scale=1.0).tobytes()
    told = applied(run, "prompt").get("notes", [])
    assert [note.partition(":")[0] for note in told] == notes


def test_a_prompt_longer_than_what_is_read_is_cut_and_that_is_told(bench, plain):
    prompt = "a ball, " * 300
    run = bench.execute(quick(prompt=prompt, guidance_scale=1.0))
    assert run.image.tobytes() == plain(prompt, true_cfg_scale=1.0).tobytes()
    (note,) = applied(run, "prompt")["notes"]
    tokens, room = bench.count_tokens(prompt, NAME)
    assert note == f"of {tokens} tokens {room} are read"
    assert tokens > room


def test_prompts_that_change_with_the_steps_change_both_prompts(bench):
    def drawn(prompt, negative="blue"):
        config = quick(prompt=prompt, negative_prompt=negative, steps=4)
        return bench.execute(config).image.tobytes()

    once = drawn("a red ball")
    assert drawn("[a red ball:a hat:9]") == drawn("a red ball", "[blue:hat:9]") == once
    changed = {once, drawn("[a red ball:a hat:2]"), drawn("a red ball", "[blue:hat:2]")}
    assert len(changed) == 3


def test_and_follows_the_weighted_sum_of_its_prompts(bench):
    def drawn(prompt):
        return np.asarray(bench.execute(quick(prompt=prompt)).image).astype(int)

    once, twice = drawn("a red ball"), drawn("a red ball :0.5 AND a red ball :0.5")
    assert np.abs(once - twice).max() <= 1
    assert np.abs(once - drawn("a red ball AND a hat")).max() > 1


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        ("transformer/config.json", {"num_layers": 9}, "num_layers = 9"),
        ("transformer/config.json", {"use_layer3d_rope": True}, "use_layer3d_rope"),
        ("vae/config.json", {"z_dim": 9}, "z_dim"),
        ("text_encoder/config.json", {"text_config": {"hidden_size": 9}}, "text_config"),
        ("scheduler/scheduler_config.json", {"shift": None}, "shift"),
        ("model_index.json", {"_class_name": "QwenImageLayeredPipeline"}, "pictures in layers"),
        ("model_index.json", {"processor": ["transformers", "AutoProcessor"]}, "AutoProcessor"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_the_listing(
    models, tmp_path, file, changes, says
):
    folder = tmp_path / "checkpoints" / NAME
    shutil.copytree(models / "checkpoints" / NAME, folder)
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (info,) = ModelRegistry(tmp_path).models("checkpoint")
    assert says in info.refused


@pytest.mark.parametrize(
    ("pipeline", "edition"),
    [
        ("QwenImagePipeline", "text to image"),
        ("QwenImageEditPlusPipeline", "edit"),
        ("QwenImageEditPipeline", "first edit"),
    ],
)
def test_a_folders_pipeline_tells_its_edition(models, tmp_path, pipeline, edition):
    folder = tmp_path / "checkpoints" / NAME
    if edition == "text to image":
        shutil.copytree(models / "checkpoints" / NAME, folder)
    else:
        write_qwen_image_edit(folder, pipeline)
    (info,) = ModelRegistry(tmp_path).models("checkpoint")
    assert (info.refused, info.edition) == (None, edition)


def test_an_edition_of_few_steps_begins_with_few_and_without_guidance(models):
    registry = ModelRegistry(models)
    info = registry.find(NAME, "checkpoint")
    begun = {
        one: (defaults_of(told)["steps"], defaults_of(told)["guidance_scale"])
        for one in info.editions
        for told in [registry.editions.tell(info, one)]
    }
    assert begun == {
        "text to image": (50, 4.0),
        "edit": (50, 4.0),
        "first edit": (50, 4.0),
        "lightning": (8, 1.0),
        "edit lightning": (8, 1.0),
    }
