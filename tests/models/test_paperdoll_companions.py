"""The companions of the base model: each recipe trains two steps, and others' code reads them."""

import random
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import (
    ControlNetModel,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
)
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from medialab.loading.registry import ModelRegistry
from medialab.vision.finders.semantic import Segmenter
from models.paperdoll import (
    controlnet,
    detector,
    edit,
    embedding,
    evaluate,
    family,
    lora,
    train,
    upscaler,
    world,
)
from models.paperdoll.draw import draw
from models.paperdoll.latents import LatentPool, draw_example, weights_of_parts

CPU = torch.device("cpu")
SOMEBODY = world.Scene(
    "portrait",
    "plain",
    9,
    expression="calm",
    hair_colour="red",
    hair_length="long",
    shirt="blue",
)


def kinds(models):
    """Name and kind of every model that the registry opens."""
    return {info.name: info.kind for info in ModelRegistry(models).models() if not info.refused}


def test_without_a_base_the_companions_say_how_to_train_one(workplace):
    with pytest.raises(SystemExit, match=r"train it: python -m models.paperdoll.train base"):
        train.main(["controlnet", "--steps", "1"])


@pytest.mark.thorough
def test_a_controlnet_trains_and_is_loaded_and_measured(trained, tmp_path, capsys):
    base = trained("controlnet")
    folder = base / "models" / controlnet.FOLDER
    assert ControlNetModel.from_pretrained(folder).config.conditioning_channels == 3
    assert kinds(base / "models")["paperdoll-canny"] == "controlnet"
    evaluate.main(["controlnet", "--count", "2", "--sheet", str(tmp_path / "sheet.png")])
    assert "| ControlNet's weight | edge agreement" in capsys.readouterr().out
    assert (tmp_path / "sheet.png").exists()


def test_a_new_controlnet_changes_nothing(base):
    parts = family.load_parts(CPU)
    scenes = controlnet.held_out(1)
    edges = [controlnet.canny(draw(scene).image) for scene in scenes]
    made = controlnet.make_controlnet(parts)
    without, with_edges = (
        controlnet.generate(parts, made, scenes, edges, strength=strength)[0]
        for strength in (0.0, 1.0)
    )
    assert without.tobytes() == with_edges.tobytes()


def test_edges_agree_with_themselves_and_not_with_others():
    tree, star = (
        controlnet.canny(draw(world.Scene("object", "plain", 1, object_kind=kind)).image)
        for kind in ("tree", "star")
    )
    nothing = Image.new("RGB", tree.size)
    assert controlnet.agreement(tree, tree) == 1
    assert controlnet.agreement(tree, star) < 0.5
    assert controlnet.agreement(tree, nothing) == 0


@pytest.mark.thorough
def test_an_edit_model_trains_and_is_loaded_and_measured(trained, tmp_path, capsys):
    base = trained("edit")
    folder = base / "models" / edit.FOLDER
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(folder)
    assert pipeline.unet.config.in_channels == 8
    assert kinds(base / "models")["paperdoll-edit"] == "checkpoint"
    evaluate.main(["edit", "--count", "4", "--sheet", str(tmp_path / "sheet.png")])
    assert "| attribute | changed as asked | kept" in capsys.readouterr().out


def test_an_edit_changes_its_attribute_and_leaves_every_other():
    source = random.Random(1)
    for _ in range(300):
        made = edit.draw_edit(source, held_out=False)
        fields = made.before.__dataclass_fields__
        changed = [
            name for name in fields if getattr(made.before, name) != getattr(made.after, name)
        ]
        assert changed == [made.attribute]
        assert all("{" not in said and "None" not in said for said in made.instructions)


def test_an_edited_picture_differs_only_where_its_attribute_is():
    source = random.Random(2)
    for _ in range(40):
        made = edit.draw_edit(source, held_out=False)
        if made.attribute != "background":
            before, after = (np.asarray(draw(one).image) for one in (made.before, made.after))
            assert 0 < (before != after).any(2).mean() < 0.6, made


def test_another_background_shows_the_same_person():
    scene = world.Scene(
        "portrait",
        "plain",
        9,
        expression="calm",
        hair_colour="red",
        hair_length="long",
        shirt="blue",
    )
    masks = [
        draw(world.Scene(**(vars(scene) | {"background": place}))).masks["body"].tobytes()
        for place in world.BACKGROUNDS
    ]
    assert len(set(masks)) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("style", lora.STYLES)
def test_a_style_trains_in_kohyas_format(trained, style):
    base = trained(style)
    path = base / "models" / "loras" / f"{style}.safetensors"
    names = load_file(path).keys()
    assert {name.split(".", 1)[1] for name in names} == {
        "alpha",
        "lora_down.weight",
        "lora_up.weight",
    }
    with safe_open(path, "pt") as file:
        assert file.metadata()["modelspec.trigger_phrase"] == style.replace("-", " ")
    info = ModelRegistry(base / "models").find(style, "lora")
    assert (info.kind, info.family, info.format) == ("lora", "paperdoll", "kohya")


def test_diffusers_applies_every_layer_of_a_style_as_it_was_trained(base):
    parts = family.load_parts(CPU)
    adapter = lora.add_adapter(parts.unet)
    torch.manual_seed(0)
    for value in adapter.values():
        value.data.normal_(std=0.05).copy_(value.data.half().float())
    inputs = torch.randn(1, 4, 16, 16), torch.tensor([500]), torch.randn(1, 8, 32)
    with torch.no_grad():
        trained = parts.unet(*inputs).sample
    path = base / "style.safetensors"
    lora.save_kohya(path, dict(adapter), "style")
    pipeline = StableDiffusionPipeline.from_pretrained(family.CHECKPOINT)
    pipeline.load_lora_weights(base, weight_name=path.name)
    with torch.no_grad():
        loaded = pipeline.unet(*inputs).sample
    assert torch.allclose(trained, loaded, atol=1e-5)


@pytest.mark.thorough
def test_the_styles_are_measured_alone_and_together(trained, tmp_path, capsys):
    trained(*lora.STYLES)
    evaluate.main(["lora", "--count", "1", "--sheet", str(tmp_path / "sheet.png")])
    printed = capsys.readouterr().out
    assert "| LoRA | saturation |" in printed
    assert "| both at 0.6 |" in printed


def test_a_pencil_sketch_is_grey_and_a_night_palette_dark_and_blue():
    image = draw(world.Scene("object", "beach", 1, object_kind="ball", object_colour="red")).image
    plain, pencil, night = (
        lora.describe([made])
        for made in (image, lora.pencil_sketch(image), lora.night_palette(image))
    )
    assert pencil["saturation"] < plain["saturation"] / 3
    assert night["lightness"] < plain["lightness"] / 1.8
    assert night["blue over red"] > plain["blue over red"] * 1.3


@pytest.mark.thorough
def test_an_embedding_trains_and_is_loaded_and_measured(trained, tmp_path, capsys):
    base = trained("mina")
    vectors = load_file(base / "models" / "embeddings" / "mina.safetensors")["emb_params"]
    assert vectors.shape == (embedding.VECTORS, 32)
    info = ModelRegistry(base / "models").find("mina", "embedding")
    assert info.family == "paperdoll"
    evaluate.main(["embedding", "--count", "2", "--sheet", str(tmp_path / "sheet.png")])
    assert "| purple hat |" in capsys.readouterr().out


def test_the_recipe_reads_prompts_as_diffusers_does(base):
    parts = family.load_parts(CPU)
    inverter = embedding.Inverter(parts)
    prompts = ["a red ball", "a portrait of mina at night"]
    pipeline = StableDiffusionPipeline.from_pretrained(family.CHECKPOINT)
    pipeline.load_textual_inversion(inverter.vectors.detach().clone(), embedding.NAME)
    with torch.no_grad():
        wanted, _ = pipeline.encode_prompt(prompts, CPU, 1, do_classifier_free_guidance=False)
        assert torch.allclose(inverter.embed(prompts), wanted, atol=1e-5)


def test_her_prompts_say_nothing_of_her_looks():
    source = random.Random(3)
    for _ in range(100):
        scene = embedding.draw_mina(source)
        said = embedding.words_for(scene, source)
        assert "mina" in said
        assert not set(said.split()) & {"white", "purple", "orange", "hat", "shirt", "hair"}


def test_a_mouth_weighs_more_than_a_wall():
    scene = world.Scene(
        "portrait",
        "plain",
        9,
        expression="calm",
        hair_colour="red",
        hair_length="short",
        shirt="blue",
    )
    weights = weights_of_parts(draw(scene).masks, 128)
    assert weights.shape == (1, 16, 16)
    assert float(weights.max()) == 11
    assert float(weights[0, 0, 0]) == 1


def test_a_pool_gives_guides_of_the_pictures_they_belong_to():
    vae = family.make_vae(family.Size((16, 16, 16, 16), (32, 32, 32), 1, 32, 1, batch=2))

    def example(source):
        drawn = draw_example(source)
        value = source.randrange(256)
        return type(drawn)(
            drawn.image, lambda _: str(value), {}, Image.new("RGB", (128, 128), (value,) * 3)
        )

    pool = LatentPool(vae, 40, example, guides="pixels")
    batch = pool.batch(6, random.Random(4))
    said = torch.tensor([float(caption) for caption in batch.captions])
    assert torch.allclose(batch.guides.mean((1, 2, 3)) * 255, said, atol=1e-3)


def test_make_paperdoll_lists_the_recipes_in_order(capsys):
    train.main([])
    printed = capsys.readouterr().out
    places = [printed.index(f"  {name}") for name in train.RECIPES]
    assert places == sorted(places)


@pytest.mark.thorough
def test_a_detector_trains_and_is_loaded_and_measured(trained, tmp_path, capsys):
    base = trained("detector")
    info = ModelRegistry(base / "models").find("paperdoll", "detector")
    assert (info.kind, info.family, info.format) == ("detector", "upernet", "transformers")
    evaluate.main(["detector", "--count", "4", "--sheet", str(tmp_path / "sheet.png")])
    assert "| part | mask IoU | box IoU | right detections | parts |" in capsys.readouterr().out


class Oracle(torch.nn.Module):
    """Scores that name every pixel rightly: what a perfect detector would give."""

    def __init__(self, picture):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.names = detector.class_map(picture)
        self.config = detector.make_detector().config

    def forward(self, pixels):
        scores = torch.nn.functional.one_hot(self.names, len(detector.LABELS)).float() * 20
        whole = torch.nn.functional.interpolate(
            scores.permute(2, 0, 1)[None], pixels.shape[-2:], mode="nearest"
        )
        return SimpleNamespace(logits=whole)


def test_a_perfect_naming_of_pixels_finds_every_part_where_it_is():
    picture = draw(replace(SOMEBODY, framing="full body", pose="arms up", trousers="red"))
    segmenter = Segmenter(Oracle(picture), "cpu")
    found = [
        one for label in ("body", "face", "hand") for one in segmenter.find(picture.image, label)
    ]
    assert [one.label for one in found] == ["body", "face", "hand", "hand"]
    for one in found:
        if one.label == "face":
            assert one.box.edges == picture.masks["face"].getbbox()
        assert one.confidence > 0.95


@pytest.mark.thorough
def test_an_upscaler_trains_and_is_loaded_and_measured(trained, tmp_path, capsys):
    base = trained("upscaler")
    info = ModelRegistry(base / "models").find("paperdoll-2x", "upscaler")
    assert (info.kind, info.family) == ("upscaler", "compact")
    evaluate.main(["upscaler", "--count", "2", "--sheet", str(tmp_path / "sheet.png")])
    assert "| Lanczos |" in capsys.readouterr().out


def test_noise_is_measured_in_decibels():
    grey, other = (Image.new("RGB", (8, 8), (level,) * 3) for level in (100, 110))
    assert upscaler.psnr(grey, other) == pytest.approx(28.13, abs=0.01)


@pytest.mark.thorough
def test_people_are_counted_at_every_size(trained, tmp_path, capsys):
    trained("detector")
    evaluate.main(["sizes", "--count", "2", "--sheet", str(tmp_path / "sheet.png")])
    printed = capsys.readouterr().out
    assert "| 1.5 x |" in printed
    assert "| 2 x |" in printed
