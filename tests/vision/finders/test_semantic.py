"""Semantic segmenters: how large they see a picture."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from medialab.vision.finders.semantic import Segmenter


class Network(torch.nn.Module):
    """Sees a face everywhere, and keeps the size of what it was shown."""

    config = SimpleNamespace(id2label={0: "face"}, working_size=64)
    seen = (0, 0)

    def forward(self, pixels):
        self.seen = pixels.shape[:1:-1]
        return SimpleNamespace(logits=torch.zeros(1, 1, *pixels.shape[-2:]))


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((128, 128), (64, 64)),
        ((300, 100), (192, 64)),
        ((64 * 16, 64), (1024, 64)),
        ((3000, 30), (1024, 32)),
        ((1, 8192), (32, 1024)),
        ((1, 1), (64, 64)),
    ],
)
def test_the_short_side_has_the_models_size_unless_the_long_one_were_too_long(size, seen):
    """A strip one pixel wide would be enlarged to gigabytes."""
    network = Network()
    (found,) = Segmenter(network, "cpu").find(Image.new("RGB", size), "face")
    assert found.box.edges == (0, 0, *size)
    assert tuple(network.seen) == seen
