"""Metrics that count pixels, held against pictures whose values are known."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from medialab.batch.metrics import Subject
from medialab.batch.metrics.pixels import difference, mean_colour, sharpness

NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8))
GREY = Image.new("RGB", (64, 48), (100, 100, 100))


def test_one_grey_is_not_sharp_and_blur_makes_it_less():
    assert sharpness(GREY, Subject()) == 0
    soft = NOISE.filter(ImageFilter.GaussianBlur(1))
    assert sharpness(NOISE, Subject()) > 10 * sharpness(soft, Subject()) > 0


def test_sharpness_is_the_variance_of_opencvs_laplacian():
    cv2 = pytest.importorskip("cv2")
    expected = cv2.Laplacian(np.asarray(NOISE.convert("L")), cv2.CV_64F).var()

    assert sharpness(NOISE, Subject()) == pytest.approx(expected)


def test_the_mean_colour_is_that_of_each_channel():
    half = GREY.copy()
    half.paste((255, 0, 50), (0, 0, 32, 48))

    assert mean_colour(half, Subject()) == [177.5, 50, 75]


def test_the_difference_goes_from_the_same_to_black_and_white():
    black, white = (Image.new("RGB", (64, 48), colour) for colour in ("black", "white"))

    assert difference(NOISE, Subject(reference=NOISE)) == 0
    assert difference(black, Subject(reference=white)) == 1
    assert difference(GREY, Subject(reference=black)) == pytest.approx(100 / 255)


def test_a_reference_of_another_size_is_resized():
    assert difference(GREY, Subject(reference=Image.new("RGB", (8, 8), (100, 100, 100)))) == 0
