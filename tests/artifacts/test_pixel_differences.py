"""In which pixels two pictures differ."""

import numpy as np
import pytest
from PIL import Image

from medialab.artifacts.pixel_differences import pixel_differences
from medialab.errors import ArtifactError
from medialab.stages.finish import FinishConfig
from tests.artifacts.pictures import image


def saved(tmp_path, picture, name="one.png"):
    picture.save(tmp_path / name)
    return tmp_path / name


def test_each_pixel_counts_once_and_the_largest_difference_is_white(tmp_path):
    values = np.zeros((4, 6, 3), np.uint8)
    path = saved(tmp_path, Image.fromarray(values))
    values[1, 2] = (10, 0, 20)
    values[3, 5] = (0, 5, 0)
    found = pixel_differences(path, Image.fromarray(values), FinishConfig())
    assert (found.pixels, found.of, found.largest) == (2, 24, 20)
    assert found.mean == pytest.approx(35 / 72)
    shown = np.asarray(found.difference)
    assert shown[1, 2].tolist() == [128, 0, 255]
    assert shown[3, 5].tolist() == [0, 64, 0]
    assert shown.sum() == 128 + 255 + 64


def test_equal_pictures_have_no_difference_whatever_their_mode(tmp_path):
    path = saved(tmp_path, image().convert("RGBA"))
    found = pixel_differences(path, image(), FinishConfig())
    assert (found.pixels, found.of, found.difference) == (0, 64 * 64, None)


def test_what_a_format_loses_is_no_difference(tmp_path):
    noise = Image.effect_noise((64, 64), 64).convert("RGB")
    noise.save(tmp_path / "one.jpg", "JPEG", quality=90, subsampling=0)
    lossy = FinishConfig(format="jpeg", quality=90)
    assert pixel_differences(tmp_path / "one.jpg", noise, lossy).pixels == 0
    assert pixel_differences(tmp_path / "one.jpg", noise, FinishConfig()).pixels > 0


def test_two_sizes_are_said_and_a_broken_file_is_named(tmp_path):
    path = saved(tmp_path, image().resize((32, 16)))
    found = pixel_differences(path, image(), FinishConfig())
    assert (found.of, found.sizes) == (0, "it is 32 × 16, the new one 64 × 64 pixels")
    path.write_bytes(b"no picture")
    with pytest.raises(ArtifactError, match=r"one\.png cannot be read as a picture") as caught:
        pixel_differences(path, image(), FinishConfig())
    assert "BytesIO" not in str(caught.value)
