"""Outpainting: the canvas grows, the picture in it stays."""

import numpy as np
import pytest
from PIL import Image

from medialab.errors import CancelledError, ConfigError
from medialab.pixels.masks import blur_radius
from medialab.stage import Frame
from medialab.stages.outpaint import OutpaintConfig, OutpaintStage


@pytest.fixture
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.fixture
def outpaint(config, context, picture):
    """Runs the stage on the picture."""

    def run(given=None, **settings):
        own = config.changed(outpaint=settings).settings_for("outpaint", OutpaintConfig)
        return OutpaintStage().run(Frame(image=picture), own, given or context())

    return run


@pytest.mark.thorough
@pytest.mark.parametrize(
    "sides",
    [
        {"left": 16, "right": 24, "top": 8, "bottom": 32},
        {"left": 0, "right": 40, "top": 0, "bottom": 0},
        {"left": 0, "right": 0, "top": 64, "bottom": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("blur", [0, 1, 4])
def test_inside_every_byte_beyond_the_seam_is_the_pictures(outpaint, picture, sides, blur):
    image = outpaint(**sides, mask_blur=blur).image
    left, top = sides["left"], sides["top"]
    assert image.size == (96 + left + sides["right"], 64 + top + sides["bottom"])
    inside = np.asarray(image.crop((left, top, left + 96, top + 64)))
    changed = np.any(inside != np.asarray(picture), axis=2)
    seam = 2 * blur_radius(blur)
    rows, columns = np.mgrid[:64, :96]
    may_change = np.zeros((64, 96), bool)
    for side, distance in (
        ("left", columns),
        ("right", 95 - columns),
        ("top", rows),
        ("bottom", 63 - rows),
    ):
        if sides[side]:
            may_change |= distance < seam
    assert not changed[~may_change].any()
    assert changed.any() == (blur > 0)


def test_the_border_is_painted_and_not_left_as_it_was_filled(outpaint):
    drawn = [
        np.asarray(outpaint(left=32, right=0, masked_content=content, denoising_strength=0.9).image)
        for content in ("fill", "latent noise", "latent nothing")
    ]
    borders = [image[:, :32] for image in drawn]
    assert all(border.std() > 0 for border in borders)
    assert len({border.tobytes() for border in borders}) == 3
    other = np.asarray(outpaint(left=32, right=0, seed=5).image)[:, :32]
    assert (other != np.asarray(outpaint(left=32, right=0).image)[:, :32]).any()


def test_without_a_side_to_grow_the_picture_is_left_alone(outpaint, picture):
    frame = outpaint(left=0, right=0)
    assert frame.image is picture
    assert frame.applied["outpaint"] == {"no_border": True}


def test_the_record_tells_where_the_picture_lies(outpaint):
    applied = outpaint(left=16, right=8, mask_blur=2).applied["outpaint"]
    assert applied["inside"] == [16, 0, 112, 64]
    assert applied["seam"] == 2 * blur_radius(2)


def test_a_picture_may_grow_by_any_number_of_pixels_but_not_by_a_negative_one(outpaint, config):
    assert outpaint(left=13, right=0, bottom=2).image.size == (96 + 13, 64 + 2)
    with pytest.raises(ConfigError, match=r"outpaint\.left=-1.*greater than or equal to 0"):
        config.changed(outpaint={"left": -1})


@pytest.mark.parametrize("content", ["fill", "latent noise"])
def test_at_strength_0_the_border_is_filled_and_nothing_is_drawn(outpaint, picture, content):
    frame = outpaint(left=24, right=0, denoising_strength=0, masked_content=content)
    assert frame.image.size == (96 + 24, 64)
    assert frame.image.crop((24, 0, 120, 64)).tobytes() == picture.tobytes()
    assert np.asarray(frame.image)[:, :24].any()
    assert "model_calls" not in frame.applied["outpaint"]


def test_a_cancel_stops_at_the_step(outpaint, context):
    with pytest.raises(CancelledError):
        outpaint(context(steps_left=1))
