"""The finish stage sharpens, or leaves every byte alone."""

import numpy as np
import pytest
from PIL import Image

from medialab.config import FinishConfig
from medialab.stages.base import Frame
from medialab.stages.finish import FinishStage


@pytest.fixture
def soft_edge():
    """A picture that goes from dark to light over eight pixels."""
    ramp = np.clip((np.arange(64) - 28) * 16 + 64, 64, 192).astype(np.uint8)
    return Image.fromarray(np.repeat(np.tile(ramp, (64, 1))[:, :, None], 3, axis=2))


def test_without_sharpening_the_frame_goes_through_untouched(context, soft_edge):
    frame = Frame(image=soft_edge)
    assert FinishStage().run(frame, FinishConfig(), context()) is frame


def test_sharpening_makes_the_edge_steeper_and_leaves_flat_areas_alone(context, soft_edge):
    def steepness(image):
        return int(np.abs(np.diff(np.asarray(image.convert("L")).astype(int), axis=1)).max())

    results = [
        FinishStage().run(Frame(image=soft_edge), FinishConfig(sharpen=amount), context()).image
        for amount in (0.5, 1.0, 2.0)
    ]
    steep = [steepness(image) for image in (soft_edge, *results)]
    assert steep == sorted(set(steep))
    flat = np.asarray(results[-1])[:, :20]
    assert (flat == np.asarray(soft_edge)[:, :20]).all()
