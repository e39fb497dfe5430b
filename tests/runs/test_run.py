"""A run tells its first picture, and a notebook shows all of them side by side."""

from io import BytesIO

import pytest
from PIL import Image

from medialab.config.resolved import ResolvedConfig
from medialab.runs.run import LEAST_SHOWN, Run

CONFIG = ResolvedConfig(width=64, height=64, seed=7, checkpoint_sha256="a" * 64)
RED, BLUE = (Image.new("RGB", (64, 32), colour) for colour in ("red", "blue"))


def test_picture_and_record_are_the_first_ones():
    run = Run(CONFIG, [RED, BLUE], [{"set_aside": [{"stage": "face"}]}, {}], [])
    assert run.image is RED
    assert run.record is run.records[0]
    assert run.set_aside == [{"stage": "face"}]
    assert Run(CONFIG, [BLUE], [{}], []).set_aside == ()


def test_a_run_that_was_not_saved_says_so_in_its_line_and_has_no_artifact():
    run = Run(CONFIG, [RED], [{}], [])
    assert repr(run) == "Run(seed=7, 64 × 32, not saved)"
    with pytest.raises(AttributeError, match="save=False"):
        _ = run.artifact


def test_a_notebook_shows_the_pictures_side_by_side_and_small_ones_enlarged():
    content, shown = Run(CONFIG, [RED, BLUE], [{}, {}], [])._repr_png_()
    sheet = Image.open(BytesIO(content))
    assert sheet.size == (128, 32)
    assert sheet.getpixel((63, 0)) == (255, 0, 0)
    assert sheet.getpixel((64, 31)) == (0, 0, 255)
    assert shown == {"width": 2 * LEAST_SHOWN}
    wide = Run(CONFIG, [Image.new("RGB", (800, 8))], [{}], [])
    assert wide._repr_png_()[1] == {"width": 800}
