"""A denoiser that sees large latents tile by tile, so that size costs time and not memory.

At each step it predicts every tile's noise, and where tiles overlap one prediction fades into the
next; the sampler, and the noise that was drawn once for the whole, know nothing of it.
Source: Bar-Tal et al., "MultiDiffusion", equation 5; the fading weights as in Jimenez, "Mixture of
Diffusers".
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by
from medialab.families.unet_clip.guidance import FOLLOWING
from medialab.pixels.geometry import BLOCK, Box
from medialab.pixels.tiles import blended, part_of, tiles

if TYPE_CHECKING:
    import torch

# Pixels from which on a VAE works in tiles of its own: decoding 1536² takes SDXL's about 10 GB.
LARGE = 1536 * 1536
VAE_TILE = 1024  # pixels a side, of which a quarter is shared


@dataclass(frozen=True)
class Tiles:
    """Tiles of latents of `width` x `height`, `size` a side, that share at least `overlap`.

    `on_tile(done, all)` counts through all steps, and may raise to stop.
    """

    width: int
    height: int
    size: int
    overlap: int
    on_tile: Callable[[int, int], None]

    @property
    def boxes(self) -> list[Box]:
        """The tiles, row by row."""
        return tiles(self.width, self.height, self.size, self.shared)

    @property
    def shared(self) -> int:
        """The overlap, at most half a tile."""
        return min(self.overlap, self.size // 2)

    @property
    def told(self) -> dict[str, Any]:
        """As the record tells it, in pixels."""
        return {
            "count": len(self.boxes),
            "tile": self.size * BLOCK,
            "overlap": self.shared * BLOCK,
        }


@contextmanager
def in_tiles(pipeline: Any, wanted: Tiles) -> Iterator[None]:
    """While it lasts, the pipeline's denoiser and ControlNets work tile by tile.

    One tile that covers all changes nothing.
    """
    boxes = wanted.boxes
    if len(boxes) == 1:
        yield
        return
    controls = _ControlsLater()
    done = 0

    def on_tile() -> None:
        nonlocal done
        done += 1
        wanted.on_tile(done, len(boxes) * int(pipeline.num_timesteps))

    forward = pipeline.unet.forward

    def tiled(sample: "torch.Tensor", *args: Any, **inputs: Any) -> tuple["torch.Tensor"]:
        waiting = controls.taken()

        def predict(box: Box) -> "torch.Tensor":
            piece = part_of(sample, box)
            more = _residuals(waiting, box, piece.shape[0]) if waiting else {}
            found: torch.Tensor = forward(piece, *args, **inputs | more)[0]
            on_tile()
            return found

        found = blended(sample.shape, boxes, wanted.shared, predict, device=sample.device)
        return (found.to(sample.dtype),)

    with ExitStack() as undo:
        undo.enter_context(computing_by(pipeline.unet, tiled))
        for network in _networks(pipeline):
            undo.enter_context(computing_by(network, controls.instead_of(network)))
        yield


@contextmanager
def vae_for(vae: Any, width: int, height: int) -> Iterator[None]:
    """While it lasts, the VAE takes pictures of that size; large ones in blended tiles."""
    names = ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")
    before = {name: getattr(vae, name) for name in names}
    if width * height >= LARGE:
        vae.enable_tiling()
        # The fewer tiles, the less their colours differ.
        vae.tile_sample_min_size = max(vae.tile_sample_min_size, VAE_TILE)
        vae.tile_latent_min_size = vae.tile_sample_min_size // BLOCK
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)


class _ControlsLater:
    """ControlNets are asked for the whole, and answer when the denoiser comes to each tile."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, dict[str, Any]]] = []

    def instead_of(self, network: Any) -> Any:
        """A forward that remembers what was asked, and adds nothing to the denoiser."""
        import torch

        # Of the class: on the instance another wrapper may stand, whose arguments have no names.
        forward, signature = network.forward, inspect.signature(type(network).forward)

        def later(*args: Any, **inputs: Any) -> tuple[list[Any], "torch.Tensor"]:
            asked = signature.bind(network, *args, **inputs).arguments
            del asked["self"]
            self._waiting.append((forward, asked))
            return [], torch.zeros(1, device=asked["sample"].device, dtype=asked["sample"].dtype)

        return later

    def taken(self) -> list[tuple[Any, dict[str, Any]]]:
        """What was asked for this call of the denoiser."""
        taken, self._waiting = self._waiting, []
        return taken


def _residuals(
    waiting: Sequence[tuple[Any, dict[str, Any]]], box: Box, rows: int
) -> dict[str, Any]:
    """What the ControlNets add to the denoiser in a tile, for so many rows."""
    import torch

    pixels = Box(*(edge * BLOCK for edge in box.edges))
    total: list[torch.Tensor] = []
    for forward, asked in waiting:
        found = forward(
            **asked
            | {
                "sample": part_of(asked["sample"], box),
                "controlnet_cond": part_of(asked["controlnet_cond"], pixels),
            }
        )
        every = [*found[0], found[1]]
        total = [one + other for one, other in zip(total, every, strict=True)] if total else every

    def for_all(value: "torch.Tensor") -> "torch.Tensor":
        # An AND gives the denoiser more rows than the ControlNets saw (encoding/guidance.py).
        seen = value.shape[0]
        return torch.cat([value, *[value[FOLLOWING[seen]][None]] * (rows - seen)])

    return {
        "down_block_additional_residuals": [for_all(one) for one in total[:-1]],
        "mid_block_additional_residual": for_all(total[-1]),
    }


def _networks(pipeline: Any) -> list[Any]:
    """The pipeline's ControlNets, each once."""
    network = getattr(pipeline, "controlnet", None)
    if network is None:
        return []
    return list({id(one): one for one in getattr(network, "nets", [network])}.values())
