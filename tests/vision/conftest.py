"""A picture that a model sees something in."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    return Image.fromarray(noise)
