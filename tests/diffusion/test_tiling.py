"""A denoiser in tiles gives what it gives of the whole, without seams."""

import numpy as np
import pytest
import torch

from medialab.diffusion.tiling import VAE_TILE, Tiles, in_tiles, vae_for
from medialab.errors import CancelledError
from medialab.families import RUNNING
from medialab.pixels.tiles import tiles
from tests.tiny.networks import make_controlnet

WIDTH, HEIGHT, TILE, SHARED = 40, 32, 16, 6
BOXES = tiles(WIDTH, HEIGHT, TILE, SHARED)


@pytest.fixture
def model(bench):
    return bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))


@pytest.fixture
def controlnet(model):
    """A ControlNet that has its say."""
    torch.manual_seed(1)
    return make_controlnet(model.components["unet"])


@pytest.fixture
def asked(model):
    """What a pipeline asks of a denoiser besides the latents, for two rows."""
    width = model.components["unet"].config.cross_attention_dim
    text = torch.randn(2, 8, width, generator=torch.Generator().manual_seed(2))
    return {"encoder_hidden_states": text, "return_dict": False}


def noise(rows=2, channels=4, width=WIDTH, height=HEIGHT, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, channels, height, width, generator=generator)


def tiled(pipeline, told=None, **changes):
    sizes = {"width": WIDTH, "height": HEIGHT, "size": TILE, "overlap": SHARED} | changes
    pipeline._num_timesteps = 1
    told = [] if told is None else told
    wanted = Tiles(**sizes, reduction=8, on_tile=lambda *count: told.append(count))
    return in_tiles(RUNNING["paperdoll"], pipeline, wanted)


def part(whole, box, times=1):
    rows = slice(box.top * times, box.bottom * times)
    return whole[..., rows, box.left * times : box.right * times]


def steps_at_edges_and_within(values):
    """The largest steps from column to column, at tiles' edges and elsewhere."""
    steps = np.abs(np.diff(values, axis=-1)).reshape(-1, values.shape[-1] - 1).max(0)
    edges = {edge - 1 for box in BOXES for edge in (box.left, box.right) if 0 < edge < WIDTH}
    within = [step for at, step in enumerate(steps) if at not in edges]
    return steps[sorted(edges)].max(), max(within)


@pytest.mark.parametrize("kind", ["constant", "gradient"])
@torch.inference_mode()
def test_no_seam_shows_on_what_is_smooth(model, asked, kind):
    pipeline = model.pipeline("image-to-image")
    across = torch.linspace(-1, 1, WIDTH).expand(2, 4, HEIGHT, WIDTH)
    given = across.clone() if kind == "gradient" else torch.full_like(across, 0.4)
    with tiled(pipeline):
        found = pipeline.unet(given, 500, **asked)[0]
    at_edges, within = steps_at_edges_and_within(found.numpy())
    assert at_edges <= within


@torch.inference_mode()
def test_tiles_side_by_side_are_what_the_denoiser_gives_of_each(model, asked):
    pipeline = model.pipeline("image-to-image")
    given = noise(width=32)
    with tiled(pipeline, width=32, overlap=0):
        found = pipeline.unet(given, 500, **asked)[0]
    for box in tiles(32, HEIGHT, TILE, 0):
        alone = pipeline.unet(part(given, box), 500, **asked)[0]
        assert torch.equal(part(found, box), alone)


@pytest.mark.parametrize("count", [1, 2])
@torch.inference_mode()
def test_controlnets_see_the_tiles_own_part_of_their_picture(model, controlnet, asked, count):
    pipeline = model.pipeline("image-to-image", [controlnet] * count)
    given, shown = noise(width=32), noise(rows=2, channels=3, width=256, height=256)
    scale = 0.7 if count == 1 else [0.7, 0.7]
    cond = shown if count == 1 else [shown, shown]

    def ask(latents, picture, rows=2):
        down, middle = pipeline.controlnet(
            latents[:2],
            500,
            encoder_hidden_states=asked["encoder_hidden_states"],
            controlnet_cond=picture,
            conditioning_scale=scale,
            return_dict=False,
        )
        return pipeline.unet(
            latents,
            500,
            **asked | {"encoder_hidden_states": asked["encoder_hidden_states"][[0, 1, 1][:rows]]},
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        )[0]

    with tiled(pipeline, width=32, overlap=0):
        found = ask(given, cond)
        # An AND gives the denoiser one row more than the ControlNets.
        wider = ask(given[[0, 1, 1]], cond, rows=3)
    plain = pipeline.unet(given, 500, **asked)[0]
    for box in tiles(32, HEIGHT, TILE, 0):
        piece = part(shown, box, times=8)
        alone = ask(part(given, box), piece if count == 1 else [piece, piece])
        torch.testing.assert_close(part(found, box), alone)
        torch.testing.assert_close(part(wider, box)[:2], alone)
        torch.testing.assert_close(part(wider, box)[2], alone[1])
        assert not torch.allclose(alone, part(plain, box))


def test_one_tile_for_all_replaces_nothing(model):
    pipeline = model.pipeline("image-to-image")
    with tiled(pipeline, size=64):
        assert "forward" not in vars(pipeline.unet)


@torch.inference_mode()
def test_every_tile_is_told_and_may_stop_the_work(model, controlnet, asked):
    pipeline = model.pipeline("image-to-image", [controlnet])
    told = []
    with tiled(pipeline, told):
        pipeline.unet(noise(), 500, **asked)
    assert told == [(number, len(BOXES)) for number in range(1, len(BOXES) + 1)]

    def stop(*_count):
        message = "cancelled"
        raise CancelledError(message)

    with (
        pytest.raises(CancelledError),
        in_tiles(RUNNING["paperdoll"], pipeline, Tiles(WIDTH, HEIGHT, TILE, SHARED, 8, stop)),
    ):
        pipeline.unet(noise(), 500, **asked)
    assert "forward" not in vars(pipeline.unet)
    assert "forward" not in vars(controlnet)


def test_a_vae_has_tiles_for_large_pictures_only_and_none_afterwards(model):
    vae = model.components["vae"]
    before = vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size
    with vae_for(vae, 512, 512):
        assert not vae.use_tiling
    with vae_for(vae, 2048, 1536):
        assert (vae.use_tiling, vae.tile_sample_min_size) == (True, VAE_TILE)
    assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == before


@torch.inference_mode()
def test_tiles_and_prompts_one_after_another_go_together(model, controlnet, asked):
    """As where memory runs out: the fallback wraps denoiser and ControlNets before the tiles do."""
    from medialab.diffusion.drawing import Drawing
    from medialab.diffusion.low_memory import denoiser_fallbacks

    pipeline = model.pipeline("image-to-image", [controlnet])
    shown = noise(rows=2, channels=3, width=WIDTH * 8, height=HEIGHT * 8)

    def ask():
        down, middle = pipeline.controlnet(
            noise(), 500, controlnet_cond=shown, conditioning_scale=0.7, **asked
        )
        return pipeline.unet(
            noise(),
            500,
            **asked,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        )[0]

    with tiled(pipeline):
        together = ask()
    apart = denoiser_fallbacks(Drawing(model), [controlnet], encodes=False)[0]
    with apart.enter(), tiled(pipeline):
        one_by_one = ask()
    torch.testing.assert_close(one_by_one, together, rtol=1e-4, atol=1e-4)
