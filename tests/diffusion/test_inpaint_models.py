"""What a denoiser made for inpainting reads besides the latents."""

import pytest
import torch
from PIL import Image

from medialab.diffusion.inpaint_models import all_masked, masked_picture, reading
from medialab.diffusion.latents import encode_image
from medialab.errors import ModelRefusedError
from medialab.families import RUNNING

PICTURE = Image.linear_gradient("L").resize((64, 64)).convert("RGB")


def test_grey_from_the_middle_on_is_masked_and_hidden(loaded):
    mask = Image.new("L", PICTURE.size, 127)
    mask.paste(128, (0, 0, 64, 32))
    found = masked_picture(loaded["sd15"], PICTURE, mask)
    rows = found.latents.shape[-2]
    assert torch.equal(found.mask[0, 0, :, 0], torch.arange(rows).lt(rows // 2).float())
    hard = mask.point(lambda grey: 255 if grey == 128 else 0)
    torch.testing.assert_close(found.latents, encode_image(loaded["sd15"], PICTURE, hard))


def test_of_a_whole_picture_all_is_masked_whatever_it_shows(loaded):
    found = all_masked(loaded["sd15"], PICTURE.size)
    assert bool((found.mask == 1).all())
    whole = masked_picture(loaded["sd15"], PICTURE, Image.new("L", PICTURE.size, 255))
    torch.testing.assert_close(found.latents, whole.latents)


def test_a_family_without_such_denoisers_refuses_them_by_name(loaded):
    masked = all_masked(loaded["sd15"], PICTURE.size)
    with pytest.raises(ModelRefusedError, match=r"made for inpainting is not possible .* z-image"):
        reading(RUNNING["z-image"], None, masked)
