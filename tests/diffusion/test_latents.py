"""Pictures to latents and back: the scales of VAEs, the shapes of latents, and masks over them."""

import numpy as np
import pytest
import torch
from PIL import Image

from medialab.diffusion.drawing import Drawing
from medialab.diffusion.latents import (
    decode_latents,
    encode_image,
    latent_mask,
    latent_shape,
    stretched,
    to_image,
)
from medialab.families.latent_codecs import mode_of

LATENTS = torch.arange(16.0).reshape(1, 4, 2, 2)


@pytest.fixture
def drawing(loaded):
    return Drawing(loaded["sd15"].checkpoint)


def picture(width, height):
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def test_a_picture_is_encoded_to_the_mode_of_the_vaes_own_latents(drawing):
    image = picture(64, 64)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        expected = drawing.vae.encode(pixels).latent_dist.mode()
        assert torch.equal(mode_of(drawing.vae, pixels), expected)
    scaled = expected * drawing.vae.config.scaling_factor
    torch.testing.assert_close(encode_image(drawing, image), scaled)


def test_a_hidden_part_is_encoded_as_the_grey_between_black_and_white(drawing):
    image = picture(64, 64)
    hidden = Image.new("L", image.size, 255)
    other = encode_image(drawing, Image.new("RGB", image.size, "red"), hidden)
    torch.testing.assert_close(encode_image(drawing, image, hidden), other)
    nothing = encode_image(drawing, image, Image.new("L", image.size, 254))
    torch.testing.assert_close(nothing, encode_image(drawing, image))
    assert not torch.allclose(nothing, other)


def test_sides_that_are_no_whole_blocks_are_filled_up(drawing):
    wide = 64 + drawing.block
    found = encode_image(drawing, picture(65, 64))
    assert tuple(found.shape) == latent_shape(drawing, wide, 64)
    assert decode_latents(drawing, found).size == (wide, 64)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(24, 20), (23, 21)])
def test_stretched_latents_have_the_shape_of_the_other_size(drawing, method, size):
    found = stretched(drawing, picture(16, 14), size, method)
    whole = encode_image(drawing, picture(*size))
    assert found.shape == whole.shape
    assert found.is_contiguous()


def test_a_place_is_painted_as_much_as_the_most_painted_of_its_pixels():
    mask = Image.new("L", (4, 4))
    mask.putpixel((0, 1), 255)
    mask.putpixel((3, 3), 51)
    found = latent_mask(mask, LATENTS.half())
    assert found.dtype == torch.float16
    assert found.flatten().tolist() == pytest.approx([1, 0, 0, 0.2], abs=1e-3)


def test_levels_are_rounded_half_to_even():
    levels = np.array([[[0.5 / 255, 1.5 / 255, 1.0]]])
    assert to_image(levels).getpixel((0, 0)) == (0, 2, 255)
