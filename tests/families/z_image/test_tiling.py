"""Z-Image's transformer computes tile by tile, with the ControlNets that it follows."""

from types import SimpleNamespace

import pytest
import torch

from medialab.families.capabilities import Followed
from medialab.families.z_image.control import CONTROL
from medialab.families.z_image.tiling import TILING
from medialab.pixels.geometry import Box
from medialab.settings.control_units import ControlUnit
from tests.tiny.z_image import make_controlnet, make_pipeline

LEFT, RIGHT, ALL = Box(0, 0, 8, 8), Box(6, 0, 14, 8), Box(0, 0, 14, 8)


@pytest.fixture
def pipeline():
    made = make_pipeline()
    made._num_timesteps = 2
    return made


@pytest.fixture
def called(pipeline):
    """Calls the transformer for two rows."""
    generator = torch.Generator().manual_seed(1)
    latents = [torch.randn(16, 1, 8, 14, generator=generator) for _ in range(2)]
    texts = [torch.randn(length, 64, generator=generator) for length in (3, 5)]

    def call(box=ALL):
        pieces = [one[..., box.top : box.bottom, box.left : box.right] for one in latents]
        with torch.inference_mode():
            return pipeline.transformer(pieces, torch.tensor([0.3, 0.3]), texts, return_dict=False)[
                0
            ]

    return call


def unit(**settings):
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(1, 16, 8, 14, generator=generator)
    return Followed(make_controlnet(), latents, ControlUnit(model="any", **settings))


def test_tiles_are_computed_alone_and_blended_where_they_overlap(pipeline, called):
    told = []
    left, right = called(LEFT), called(RIGHT)
    with TILING.in_tiles(pipeline, [LEFT, RIGHT], 2, 8, lambda: told.append(1)):
        found = called()
    assert len(told) == 2
    for whole, one, other in zip(found, left, right, strict=True):
        assert whole.shape == (16, 1, 8, 14)
        torch.testing.assert_close(whole[..., :6], one[..., :6])
        torch.testing.assert_close(whole[..., 8:], other[..., 2:])
        between, low = whole[..., 6:8], torch.minimum(one[..., 6:], other[..., :2])
        assert (between >= low - 1e-5).all()
    assert "forward" not in vars(pipeline.transformer)


@pytest.mark.parametrize(("end", "follows"), [(1.0, [True, True]), (0.5, [True, False])])
def test_a_controlnet_sees_the_same_part_and_counts_steps_not_tiles(pipeline, called, end, follows):
    plain = called(RIGHT)[0][..., 2:]
    followed = unit(end=end)
    part = followed._replace(latents=followed.latents[..., RIGHT.left : RIGHT.right])
    with CONTROL.following(
        SimpleNamespace(num_timesteps=1),
        pipeline.transformer,
        [part._replace(unit=ControlUnit(model="any"))],
    ):
        alone = called(RIGHT)[0][..., 2:]
    with (
        CONTROL.following(pipeline, pipeline.transformer, [followed]),
        TILING.in_tiles(pipeline, [LEFT, RIGHT], 2, 8, lambda: None),
    ):
        steps = [called()[0][..., 8:] for _ in range(2)]
    for step, is_followed in zip(steps, follows, strict=True):
        torch.testing.assert_close(step, alone if is_followed else plain, rtol=1e-4, atol=1e-4)
