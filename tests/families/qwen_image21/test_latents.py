"""Pictures to Qwen-Image 2.1's latents and back, with the bytes of diffusers' pipeline."""

import torch

from medialab.families.qwen_image21.latents import OpaqueLatents


@torch.inference_mode()
def test_a_picture_is_encoded_opaque_as_diffusers_encodes_it(pipeline):
    pixels = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    latents = OpaqueLatents().encode(pipeline.vae, pixels, torch.float32)
    opaque = torch.cat([pixels, torch.ones(1, 1, 32, 64)], dim=1)[:, :, None]
    assert torch.equal(latents, pipeline._encode_vae_image(opaque, None)[:, :, 0])
    assert latents.shape == (1, 64, 2, 4)


@torch.inference_mode()
def test_decoding_undoes_the_scale_and_leaves_out_alpha(pipeline):
    vae = pipeline.vae
    own = torch.randn(1, 64, 2, 2, generator=torch.Generator().manual_seed(1))
    mean, deviation = (torch.tensor(vae.config[f"latents_{one}"]) for one in ("mean", "std"))
    scaled = (own - mean.view(1, -1, 1, 1)) / deviation.view(1, -1, 1, 1)
    pixels = OpaqueLatents().decode(vae, scaled)
    torch.testing.assert_close(pixels, vae.decode(own[:, :, None])[0][:, :3, 0])
    assert pixels.shape == (1, 3, 32, 32)
