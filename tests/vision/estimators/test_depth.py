"""A depth estimate is drawn in grey: the nearest is white."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from medialab.vision.estimators.depth import DepthEstimator


class Network(torch.nn.Module):
    """Tells these depths of any picture."""

    def __init__(self, nearness):
        super().__init__()
        self.nearness = nearness

    def forward(self, **_inputs):
        return SimpleNamespace(predicted_depth=torch.tensor(self.nearness)[None])


class Inputs(dict):
    def to(self, _device):
        return self


def drawn(nearness, size=(2, 2)):
    model = DepthEstimator(Network(nearness), lambda **_: Inputs(), "cpu")
    return np.asarray(model.estimate(Image.new("L", size)))


def test_the_nearest_is_white_and_the_farthest_black():
    rgb = drawn([[3.0, 5.0], [4.0, 3.0]])
    assert rgb.shape == (2, 2, 3)
    assert rgb[..., 0].tolist() == [[0, 255], [128, 0]]
    assert (rgb == rgb[..., :1]).all()


@pytest.mark.parametrize("value", [0.0, -7.5])
def test_a_picture_of_one_distance_is_black(value):
    assert not drawn([[value, value], [value, value]]).any()


def test_it_has_the_pictures_size():
    assert drawn([[0.0, 1.0], [0.0, 1.0]], (7, 5)).shape == (5, 7, 3)
