"""A picture is encoded once as long as its VAE is loaded, and gives the same bytes."""

import pytest
import torch
from PIL import Image

from medialab import PipelineConfig
from medialab.diffusion import encoded_pictures
from medialab.diffusion.latents import encode_image

BASE = PipelineConfig(
    prompt="a red ball", mode="img2img", width=64, height=64, steps=2, seed=7, guidance_scale=2.0
)


@pytest.fixture
def encoded(monkeypatch):
    """How often a VAE has encoded."""
    from diffusers import AutoencoderKL

    calls, real = [], AutoencoderKL.encode
    monkeypatch.setattr(
        AutoencoderKL, "encode", lambda vae, *a, **o: calls.append(1) or real(vae, *a, **o)
    )
    return calls


def noise(seed, size=(64, 64)):
    return Image.effect_noise(size, 60 + seed).convert("RGB")


def test_a_start_picture_is_encoded_once_for_all_that_is_tried_with_it(bench, encoded):
    kept = bench.keep(noise(1))
    tried = [BASE.changed(image=kept, seed=seed) for seed in (1, 2, 3)]
    drawn = [bench.execute(config, save=False).image.tobytes() for config in tried]
    assert len({*drawn}) == 3
    assert len(encoded) == 1
    bench.cache.clear()
    bench.registry.unload_all()
    assert [bench.execute(one, save=False).image.tobytes() for one in reversed(tried)] == drawn[
        ::-1
    ]
    assert len(encoded) == 2
    bench.execute(BASE.changed(image=bench.keep(noise(2))), save=False)
    assert len(encoded) == 3


def test_a_masked_part_and_its_surroundings_are_encoded_once(bench, encoded):
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 48))
    painted = {"mask": bench.keep(mask), "denoising_strength": 0.9}
    config = BASE.changed(mode="inpaint", image=bench.keep(noise(3)), inpaint=painted)
    first = bench.execute(config, save=False).image
    made = len(encoded)
    again = bench.execute(config, save=False)
    bench.execute(config.changed(seed=8), save=False)
    assert len(encoded) == made
    bench.cache.clear()
    assert bench.execute(config, save=False).image.tobytes() == first.tobytes()
    assert again.image.tobytes() == first.tobytes()


def test_what_changes_the_last_bits_is_encoded_anew(sd15, encoded):
    picture = noise(4, (32, 32))
    whole = encode_image(sd15, picture)
    assert torch.equal(encode_image(sd15, picture), whole)
    sd15.vae.enable_tiling()
    try:
        encode_image(sd15, picture)
    finally:
        sd15.vae.disable_tiling()
    with sd15.checkpoint.in_float32():
        encode_image(sd15, picture)
    hidden = Image.new("L", picture.size, 255)
    assert not torch.equal(encode_image(sd15, picture, hidden), whole)
    assert len(encoded) == 3
    assert "encode" not in vars(sd15.vae)


def test_the_vae_is_as_it_was_after_an_error(sd15, monkeypatch):
    def hooked(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(sd15.vae, "encode", hooked, raising=False)
    with pytest.raises(KeyboardInterrupt):
        encode_image(sd15, noise(5, (32, 32)))
    assert sd15.vae.encode is hooked


def test_what_is_remembered_has_a_limit(sd15, monkeypatch, encoded):
    with torch.inference_mode():
        found = [sd15.vae.encode(torch.full((1, 3, 32, 32), seed / 8)) for seed in range(8)]
    one = encoded_pictures._bytes_of(found[0])
    assert one >= 2 * 4 * found[0].latent_dist.mean.numel()
    monkeypatch.setattr(encoded_pictures, "CACHE_BYTES", 3 * one)
    pictures = encoded_pictures.encoded_pictures()
    for seed, result in enumerate(found):
        pictures[seed] = result
    assert [*pictures] == [5, 6, 7]


def test_a_picture_that_became_nan_is_encoded_anew(sd15, monkeypatch):
    picture, encode = noise(6, (32, 32)), type(sd15.vae).encode
    good = encode(sd15.vae, torch.zeros(1, 3, 32, 32))
    bad = type(good)(latent_dist=type(good.latent_dist)(good.latent_dist.parameters * torch.nan))
    calls = []

    def once(vae, pixels):
        calls.append(1)
        return bad if len(calls) == 1 else encode(vae, pixels)

    monkeypatch.setattr(type(sd15.vae), "encode", once)
    assert torch.isfinite(encode_image(sd15, picture)).all()
    assert len(calls) == 2
    encode_image(sd15, picture)
    assert len(calls) == 2
