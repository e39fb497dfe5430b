"""A repainted part as it is kept: what it depends on, and its bytes there and back."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save

from medialab.diffusion.repainting import (
    Painting,
    Repaint,
    _beginning,
    facts_of,
    packed,
    unpacked,
    whole,
)
from medialab.pixels import masks
from medialab.pixels.geometry import Box
from medialab.settings.sampling import Sampling

SAMPLING = Sampling("any", "a hat", "", 4, 5.0, "Euler", "automatic", 3)
CROP = Box(8, 8, 24, 24)
LATENTS = torch.full((1, 4, 2, 2), 3.0)
MASK = torch.tensor([[[[0.0, 0.2], [1.0, 0.0]]]])


def facts(image, sampling=SAMPLING, **changes):
    mask = Image.new("L", image.size, 255)
    settings = {"mask": mask, "blur": 4, "strength": 0.5, "crop": CROP, "size": (64, 64)}
    return facts_of(image, Repaint(**settings | changes), sampling)


def test_a_part_depends_on_its_crop_and_its_settings_alone():
    image = Image.new("RGB", (32, 32), "red")
    before = json.dumps(facts(image))
    outside, inside = image.copy(), image.copy()
    outside.putpixel((0, 0), (0, 0, 255))
    inside.putpixel((10, 10), (0, 0, 255))
    assert json.dumps(facts(outside)) == before
    assert json.dumps(facts(inside)) != before
    assert json.dumps(facts(image, feather=2)) != before
    assert json.dumps(facts(image, mask=Image.new("L", image.size))) != before


def test_a_patch_and_its_record_come_back_as_they_were_packed():
    patch = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    record = {"steps": 4, "note": "größer"}
    found, applied = unpacked(packed(patch, record))
    assert (found.mode, found.tobytes(), applied) == ("RGB", patch.tobytes(), record)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no file of tensors",
        save({"other": np.zeros((4, 4, 3), np.uint8)}, {"applied": "{}"}),
        save({"patch": np.zeros((4, 4), np.uint8)}, {"applied": "{}"}),
        save({"patch": np.zeros((4, 4, 3), np.uint8)}, {"applied": "[]"}),
        save({"patch": np.zeros((4, 4, 3), np.uint8)}, {"applied": "{"}),
        save({"patch": np.zeros((4, 4, 3), np.uint8)}),
    ],
    ids=["empty", "no file", "no patch", "grey", "no record", "half a record", "no metadata"],
)
def test_any_other_bytes_are_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011 - half a record says what json does
        unpacked(content)


def test_the_edge_of_a_mask_is_softened_once_and_cut_out_of_the_whole_mask():
    """It takes as long as the mask is large, and is used before and after the denoising."""
    image, mask = Image.new("RGB", (32, 32)), Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 16, 32))
    painting = Painting(image, Repaint(mask, 4, 0.5, CROP, (64, 64)), SAMPLING, print)
    assert painting.edge.tobytes() == masks.blurred(mask, 4).crop(CROP.edges).tobytes()
    assert painting.edge is painting.edge


def test_a_whole_picture_is_drawn_at_its_own_size():
    assert whole(Image.new("RGB", (20, 10))) == (Box(0, 0, 20, 10), (20, 10))


def test_latent_content_replaces_every_place_that_the_mask_touches():
    painted = torch.tensor([[False, True], [True, False]])
    nothing = _beginning(LATENTS, MASK, "latent nothing", 3)
    assert torch.equal(nothing[0, 0], torch.where(painted, 0.0, 3.0))
    noise = _beginning(LATENTS, MASK, "latent noise", 3)
    assert torch.equal(noise[0, 0] == 3.0, ~painted)
    assert torch.equal(noise, _beginning(LATENTS, MASK, "latent noise", 3))
    assert not torch.equal(noise, _beginning(LATENTS, MASK, "latent noise", 4))
    assert _beginning(LATENTS, MASK, "original", 3) is LATENTS
