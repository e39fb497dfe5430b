"""Tiny models of each family that reads prompts with CLIP, for tests of prompts.

Its fixtures are taken by the conftest of each folder that needs them.
"""

import pytest
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)

from medialab.diffusion.drawing import Drawing
from medialab.diffusion.encoding import encode
from medialab.families import RUNNING
from medialab.loading.checkpoint import LoadedCheckpoint
from models.paperdoll import family
from tests.tiny import networks

ROOM = 38  # tokens of a chunk of these tokenizers


FAMILIES = ("paperdoll", "sd15", "sdxl")


every_family = pytest.mark.parametrize("name", FAMILIES)


def make_text_encoder(kind, width, tokenizer):
    encoder = networks.make_text_encoder(
        kind,
        width,
        tokenizer,
        num_hidden_layers=3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    ).eval()
    # As trained ones: the outcome's mean is not zero.
    layers = dict(encoder.named_modules())
    (norm,) = (layers[name] for name in layers if name.endswith("final_layer_norm"))
    torch.nn.init.normal_(norm.bias, mean=0.2)
    return encoder


def diffusers_own(model, prompt, negative):
    with torch.inference_mode():
        return model.pipeline("text-to-image").encode_prompt(
            prompt=prompt,
            negative_prompt=negative,
            device="cpu",
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
        )


def embeds(model, prompt, **options):
    return encode(model, prompt, "", **options).embeddings()["prompt_embeds"]


@pytest.fixture(scope="session")
def tokenizer(tiny_models):
    return family.find_tokenizer(tiny_models / "checkpoints" / "paperdoll" / "tokenizer")


@pytest.fixture(scope="session")
def loaded(tiny_models, tokenizer):
    """A tiny model of each family."""
    torch.manual_seed(0)
    sd15 = StableDiffusionPipeline(
        unet=networks.make_unet(32),
        vae=networks.make_vae(),
        text_encoder=make_text_encoder("CLIPTextModel", 32, tokenizer),
        tokenizer=tokenizer,
        scheduler=family.make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    sdxl = StableDiffusionXLPipeline(
        unet=networks.make_unet(
            32 + 48,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=48 + 6 * 8,
            use_linear_projection=True,
        ),
        vae=networks.make_vae(),
        text_encoder=make_text_encoder("CLIPTextModel", 32, tokenizer),
        text_encoder_2=make_text_encoder("CLIPTextModelWithProjection", 48, tokenizer),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=EulerDiscreteScheduler(),
    )
    paperdoll = StableDiffusionPipeline.from_pretrained(
        tiny_models / "checkpoints" / "paperdoll", local_files_only=True
    )
    pipelines = {"paperdoll": paperdoll, "sd15": sd15, "sdxl": sdxl}
    return {
        name: Drawing(LoadedCheckpoint(pipeline, RUNNING[name], "cpu", torch.float32))
        for name, pipeline in pipelines.items()
    }


@pytest.fixture
def model(loaded, name):
    yield loaded[name]
    loaded[name].inversions = {}


@pytest.fixture
def sd15(loaded):
    yield loaded["sd15"]
    loaded["sd15"].inversions = {}
