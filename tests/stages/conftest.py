"""A real model for the stages, without a job around it."""

from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from PIL import Image

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.drawing import Drawing
from medialab.errors import CancelledError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.process.retries import RetryPolicy
from medialab.settings.fields import SwitchedConfig
from medialab.stage import Frame
from medialab.stages import STAGES
from medialab.vision.finders.given import Middle
from models.paperdoll.family import save_checkpoint

PICTURE, MASK = "a" * 64, "b" * 64
_rows = np.linspace(0, 255, 64)[:, None, None]
PICTURES = {
    PICTURE: Image.fromarray(np.broadcast_to(_rows, (64, 64, 3)).astype(np.uint8)),
    MASK: box_mask(Box(16, 16, 40, 40), 64, 64),
}


class Finder:
    """Finds one thing: the middle of the picture."""

    def find(self, image, *words):
        return [replace(one, confidence=0.9) for one in Middle().find(image, words[0])]


class Context:
    """What a stage may reach; cancelled after `steps_left` steps."""

    def __init__(self, model, editor, steps_left=10**6):
        self.model, self.editor = model, editor
        self.steps_left = steps_left
        self.told = []
        self.retries = RetryPolicy()
        self.pictures = PICTURES
        self.upscalers = {}

    @contextmanager
    def opened(self, sampling=None):
        edits = sampling is not None and sampling.checkpoint == "paperdoll-edit"
        model = self.editor() if edits else self.model
        yield Drawing(model, models=self, retries=self.retries)

    def picture(self, name, use="photo"):
        return self.pictures[name].convert("L") if use == "mask" else self.pictures[name]

    def picture_changes(self, name, use="photo"):
        return ()

    def detector(self, name):
        return Finder()

    def upscaler(self, name):
        return self.upscalers[name]

    def remembered(self, facts, make):
        return make(), False

    def step(self, step, steps, latents=None):
        assert 1 <= step <= steps
        self.told.append((step, steps))
        self.steps_left -= 1
        if self.steps_left < 0:
            message = "cancelled"
            raise CancelledError(message)


@pytest.fixture
def model(bench):
    return bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))


@pytest.fixture
def context(model, editor):
    """Makes contexts over the tiny models."""
    return lambda **options: Context(model, editor, **options)


@pytest.fixture
def editor(model, tmp_path):
    """Makes, once it is asked for, a tiny checkpoint that edits by instruction."""

    @cache
    def make():
        folder = tmp_path / "models" / "checkpoints" / "paperdoll-edit"
        parts = model.components
        unet = UNet2DConditionModel.from_config(dict(parts["unet"].config) | {"in_channels": 8})
        save_checkpoint(
            folder,
            parts["vae"],
            parts["text_encoder"],
            parts["tokenizer"],
            unet,
            as_pipeline=StableDiffusionInstructPix2PixPipeline,
        )
        (info,) = ModelRegistry(tmp_path / "models").models("checkpoint")
        return load_checkpoint(info, "cpu")

    return make


@pytest.fixture
def config(request):
    """A request that gives the test's stage, and every one before it, something to do."""
    stage = getattr(request.node, "callspec", None) and request.node.callspec.params.get("stage")
    return request_for(stage.name if stage else "finish")


def request_for(stage):
    """A request in which that stage runs."""
    modes = {"source": "enhance"} | {one.name: one.name for one in STAGES if one.is_mode}
    own = {
        "refiner": {"scale": 1.5},
        "body": {"detector": "finder"},
        "face": {"detector": "finder", "grow": 0},
        "hand": {"detector": "finder", "crop": "padding"},
    }
    switched = {
        name: {"enabled": True, **own.get(name, {})}
        for name, part in PipelineConfig()
        if isinstance(part, SwitchedConfig)
    }
    return ResolvedConfig(
        mode=modes.get(stage, "txt2img"),
        image=PICTURE,
        control=[{"model": "lines", "image": PICTURE}] if stage == "control" else [],
        checkpoint="paperdoll-edit" if stage == "instruct" else "paperdoll",
        inpaint={"mask": MASK},
        **switched,
        prompt="a red ball",
        negative_prompt="blue",
        steps=3,
        seed=1,
        width=64,
        height=64,
        sharpen=1.0,
        checkpoint_sha256="0" * 64,
    )


@pytest.fixture
def frame_before(config, context):
    """The frame as the pipeline hands it to a stage."""

    def run_up_to(name):
        frame = Frame()
        for stage in STAGES:
            if stage.name == name:
                break
            if config.runs(stage.name):
                settings = config.settings_for(stage.name, stage.settings)
                frame = stage.run(frame, settings, context())
        return frame

    return run_up_to
