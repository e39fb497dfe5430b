"""A real model for the stages, without a job around it."""

import pytest

from medialab.config import ResolvedConfig
from medialab.errors import CancelledError
from medialab.stages import STAGES
from medialab.stages.base import Frame


class Context:
    """What a stage may reach; cancelled after `steps_left` steps."""

    def __init__(self, model, steps_left=10**6):
        self.model = model
        self.steps_left = steps_left
        self.told = []

    def checkpoint(self):
        return self.model

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
def context(model):
    """Makes contexts over the tiny model."""
    return lambda **options: Context(model, **options)


@pytest.fixture
def config():
    """A request that gives every stage something to do."""
    return ResolvedConfig(
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
            frame = stage.run(frame, config.settings_for(stage.settings), context())
        return frame

    return run_up_to
