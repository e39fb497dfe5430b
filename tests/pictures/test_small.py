"""A small copy keeps the shape and the transparency, and is a WebP."""

from io import BytesIO

import pytest
from PIL import Image

from medialab.errors import PictureError
from medialab.pictures.small import small_webp


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_it_is_small_and_keeps_its_shape(tmp_path, mode):
    colour = {"RGB": "red", "RGBA": (255, 0, 0, 0), "L": 90}[mode]
    Image.new(mode, (600, 300), colour).save(tmp_path / "a.png")
    small = Image.open(BytesIO(small_webp(tmp_path / "a.png", 120)))
    assert (small.format, small.size) == ("WEBP", (120, 60))
    assert small.mode == ("RGBA" if mode == "RGBA" else "RGB")


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    for name in ("a.png", "gone.png"):
        with pytest.raises(PictureError):
            small_webp(tmp_path / name, 120)
