"""The two styles that come with paperdoll: seen in numbers, by their weight, and together."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench

MODELS = Path(__file__).resolve().parents[2] / "models"
PICTURE = {"prompt": "a red car on the beach", "steps": 8, "width": 96, "height": 96, "seed": 3}
WEIGHTS = (0.0, 0.5, 1.0)


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    with Workbench(MODELS, tmp_path_factory.mktemp("outputs"), device="cpu") as bench:

        def draw(**weights):
            loras = [
                {"name": name.replace("_", "-"), "weight": weight}
                for name, weight in weights.items()
            ]
            config = PipelineConfig.parse(PICTURE | {"loras": loras, "batch_size": 2})
            return [np.asarray(image) for image in bench.execute(config, save=False).images]

        yield draw


def saturation(images):
    """Mean of 0 to 255: what a pencil takes away."""
    return np.mean([np.asarray(Image.fromarray(one).convert("HSV"))[..., 1] for one in images])


def lightness(images):
    """Mean of 0 to 255: what the night takes away."""
    return np.mean(images)


def blueness(images):
    """Blue over red: what the night adds."""
    pixels = np.stack(images).astype(float)
    return pixels[..., 2].mean() / pixels[..., 0].mean()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("style", "measure", "sign"),
    [
        ("pencil_sketch", saturation, -1),
        ("night_palette", lightness, -1),
        ("night_palette", blueness, 1),
    ],
)
def test_a_style_grows_with_its_weight(draw, style, measure, sign):
    without, half, whole = (measure(draw(**{style: weight})) for weight in WEIGHTS)
    assert sign * half > sign * without
    assert sign * whole > sign * half
    assert abs(whole - without) > 0.25 * abs(without)


def test_weight_nought_is_the_picture_without(draw):
    plain, nought = draw(), draw(pencil_sketch=0.0)
    assert all(np.array_equal(*pair) for pair in zip(plain, nought, strict=True))


@pytest.mark.thorough
def test_both_together_are_grey_and_dark(draw):
    plain, both = draw(), draw(pencil_sketch=0.6, night_palette=0.6)
    sketch, night = draw(pencil_sketch=0.6), draw(night_palette=0.6)
    assert saturation(both) < saturation(night)
    assert lightness(both) < lightness(sketch)
    assert all(not np.array_equal(*pair) for pair in zip(plain, both, strict=True))
