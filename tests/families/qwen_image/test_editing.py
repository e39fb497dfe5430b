"""Edits by an instruction with Qwen-Image, with the bytes of diffusers called by hand."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit as one
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as several
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.qwen_image import editing
from medialab.families.qwen_image.processor import load_processor
from medialab.loading.registry import ModelRegistry
from tests.tiny.qwen_image import make_parts, write_qwen_image, write_qwen_image_edit

FIRST, PLUS, PLAIN = "first-edit", "edit-2509", "plain"
SMALL = 96 * 96  # pixels, in place of some 1024 × 1024, which take a tiny checkpoint 10 s


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen") / "models"
    write_qwen_image_edit(folder / "checkpoints" / FIRST, "QwenImageEditPipeline")
    write_qwen_image_edit(folder / "checkpoints" / PLUS)
    write_qwen_image(folder / "checkpoints" / PLAIN)
    return folder


@pytest.fixture
def bench(models, tmp_path, monkeypatch):
    """A workbench, where pictures are read at a smaller size, by diffusers too."""
    monkeypatch.setattr(several, "VAE_IMAGE_SIZE", SMALL)
    monkeypatch.setattr(several, "CONDITION_IMAGE_SIZE", SMALL // 2)
    plain = one.calculate_dimensions
    monkeypatch.setattr(one, "calculate_dimensions", lambda _area, ratio: plain(SMALL, ratio))
    monkeypatch.setattr(editing, "SEEN_AREA", SMALL // 2)
    monkeypatch.setattr(editing, "SEEN_AREA_OF_ONE", SMALL)
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.fixture(scope="module")
def by_hand(models):
    """Calls diffusers' pipeline, whose processor is built without its part for videos.

    Its networks are read from the files: where weights lie in memory decides on their sums' last
    bits, on some processors.
    """
    place = models / "checkpoints" / PLUS
    parts = make_parts()
    parts |= {
        name: type(parts[name]).from_pretrained(place / name)
        for name in ("transformer", "text_encoder", "vae")
    }

    def draw(kind, image, **settings):
        processor = load_processor(place / "processor", "Qwen2VLProcessor")
        pipeline = kind(**parts, processor=processor)
        pipeline.set_progress_bar_config(disable=True)
        size = {"width": 64, "height": 96, "num_inference_steps": 2}
        generator = torch.Generator("cpu").manual_seed(3)
        return pipeline(image=image, generator=generator, **size, **settings).images[0]

    return draw


def picture(seed, width=64, height=96):
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), "uint8")
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def quick(bench, name, *pictures, scale=1.0, **settings):
    image, *others = map(bench.keep, pictures)
    return PipelineConfig.parse(
        {
            "checkpoint": name,
            "prompt": "a (red:1.2) hat",
            "mode": "instruct",
            "image": image,
            "instruct": {"references": others},
            "sampler": "Euler",
            "steps": 2,
            "seed": 3,
            "guidance_scale": scale,
            **settings,
        }
    )


@pytest.mark.parametrize("scale", [pytest.param(1.0, marks=pytest.mark.thorough), 4.0])
def test_an_edit_by_several_pictures_is_that_of_diffusers(bench, by_hand, scale):
    pictures = [picture(1), picture(2, 80, 48)]
    config = quick(bench, PLUS, *pictures, scale=scale, negative_prompt="blue")
    run = bench.execute(config, save=False)
    negative = {"negative_prompt": "blue"} if scale > 1 else {}
    told = {"prompt": "a red hat", "true_cfg_scale": scale, **negative}
    expected = by_hand(QwenImageEditPlusPipeline, pictures, **told)
    assert run.image.tobytes() == expected.tobytes()
    alone = bench.execute(quick(bench, PLUS, pictures[0], scale=scale), save=False)
    assert alone.image.tobytes() != run.image.tobytes()


def test_an_edit_with_the_first_edition_is_that_of_its_own_pipeline(bench, by_hand):
    image = picture(1)
    run = bench.execute(quick(bench, FIRST, image), save=False)
    expected = by_hand(QwenImageEditPipeline, image, prompt="a red hat", true_cfg_scale=1.0)
    assert run.image.tobytes() == expected.tobytes()


def test_the_first_edition_refuses_more_than_one_picture_before_it_is_loaded(bench):
    with pytest.raises(ConfigError, match=r"'first-edit', of .* first edit, reads no reference"):
        bench.execute(quick(bench, FIRST, picture(1), picture(2)), save=False)
    assert not bench.registry.budget.nbytes


def test_more_pictures_than_its_pipeline_reads_are_never_left_out_in_silence():
    with pytest.raises(ConfigError, match="reads one picture, not 2; remove the references"):
        editing.asked("a hat", [picture(1)] * 2, {"_class_name": editing.OF_ONE_PICTURE})


def test_a_checkpoint_for_text_alone_edits_nothing(bench):
    with pytest.raises(ModelRefusedError, match="editing by instruction takes edit"):
        bench.execute(quick(bench, PLAIN, picture(1)), save=False)


def test_one_for_editing_draws_from_text_too(bench):
    config = quick(bench, PLUS, picture(1), mode="txt2img", width=64, height=64, image=None)
    assert bench.execute(config, save=False).image.size == (64, 64)


def test_the_same_picture_in_other_words_is_encoded_anew_and_another_picture_too(bench):
    drawn = {
        bench.execute(config, save=False).image.tobytes()
        for config in (
            quick(bench, PLUS, picture(1)),
            quick(bench, PLUS, picture(1), prompt="a blue table"),
            quick(bench, PLUS, picture(5)),
        )
    }
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("size", "expected"), [((1000, 1000), (384, 384)), ((1920, 1080), (512, 288))]
)
def test_a_picture_keeps_its_ratio_at_the_size_that_is_seen(size, expected):
    assert editing.size_of_area(size, 384 * 384) == expected


def test_a_folder_for_editing_without_its_processor_is_refused_by_the_listing(models, tmp_path):
    folder = tmp_path / "models" / "checkpoints" / "cut"
    shutil.copytree(models / "checkpoints" / PLUS, folder)
    index = folder / "model_index.json"
    told = json.loads(index.read_text())
    for missing in (told | {"processor": [None, None]}, {**told, "processor": None}):
        index.write_text(json.dumps(missing))
        registry = ModelRegistry(tmp_path / "models", device="cpu")
        with pytest.raises(ModelRefusedError, match=r"EditPlusPipeline, .* names no processor"):
            registry.find("cut", "checkpoint")


def test_without_a_processor_it_says_what_to_get():
    with pytest.raises(ModelRefusedError, match="get its diffusers folder, made for editing"):
        editing.processor_among({"tokenizer": 1})
