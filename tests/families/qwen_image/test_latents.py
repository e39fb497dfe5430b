"""Pictures to Qwen-Image's latents and back, with the bytes of diffusers' pipelines."""

import pytest
import torch
from diffusers import QwenImageImg2ImgPipeline

from medialab.families.qwen_image.latents import FrameLatents
from tests.tiny.qwen_image import make_parts


@pytest.fixture(scope="module")
def pipeline():
    return QwenImageImg2ImgPipeline(**make_parts())


@torch.inference_mode()
def test_a_picture_is_encoded_to_the_middle_of_what_diffusers_draws(pipeline):
    pixels = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1
    latents = FrameLatents().encode(pipeline.vae, pixels, torch.float32)
    assert latents.shape == (1, 16, 4, 6)
    encoded = pipeline.vae.encode(pixels[:, :, None]).latent_dist
    encoded.sample = lambda _generator: encoded.mode()
    vae = pipeline.vae
    pipeline.vae.encode = lambda _pixels: type("Encoded", (), {"latent_dist": encoded})()
    try:
        expected = pipeline._encode_vae_image(pixels[:, :, None], None)
    finally:
        del vae.encode
    assert torch.equal(latents, expected[:, :, 0])


@torch.inference_mode()
def test_decoding_undoes_the_scale(pipeline):
    vae, codec = pipeline.vae, FrameLatents()
    own = torch.randn(1, 16, 4, 4, generator=torch.Generator().manual_seed(1))
    mean, deviation = (torch.tensor(vae.config[f"latents_{one}"]) for one in ("mean", "std"))
    scaled = (own - mean.view(1, -1, 1, 1)) / deviation.view(1, -1, 1, 1)
    pixels = codec.decode(vae, scaled)
    assert pixels.shape == (1, 3, 32, 32)
    torch.testing.assert_close(pixels, vae.decode(own[:, :, None])[0][:, :, 0])
