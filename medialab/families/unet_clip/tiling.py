"""Tiled denoising with a UNet and its ControlNets.

At each step the UNet predicts every tile's noise, and predictions are blended where tiles overlap.
The sampler and the first noise, which is drawn once for the whole picture, do not change.
Source: Bar-Tal et al., "MultiDiffusion", equation 5; the blending weights as in Jimenez, "Mixture
of Diffusers".
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by
from medialab.families.unet_clip.guidance import FOLLOWING
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import blended, part_of

if TYPE_CHECKING:
    import torch


class UNetTiling:
    """Denoising of large latents in tiles with a UNet."""

    @contextmanager
    def in_tiles(
        self,
        pipeline: Any,
        boxes: Sequence[Box],
        overlap: int,
        reduction: int,
        on_tile: Callable[[], None],
    ) -> Iterator[None]:
        """Run the pipeline's UNet and ControlNets tile by tile inside the `with` block.

        Args: as `medialab.families.capabilities.Tiling.in_tiles`.
        """
        controls = _ControlsLater()
        forward = pipeline.unet.forward

        def tiled(sample: "torch.Tensor", *args: Any, **inputs: Any) -> tuple["torch.Tensor"]:
            waiting = controls.taken()

            def predict(box: Box) -> "torch.Tensor":
                piece = part_of(sample, box)
                rows = piece.shape[0]
                more = _residuals(waiting, box, reduction, rows) if waiting else {}
                found: torch.Tensor = forward(piece, *args, **inputs | more)[0]
                on_tile()
                return found

            found = blended(sample.shape, boxes, overlap, predict, device=sample.device)
            return (found.to(sample.dtype),)

        with ExitStack() as undo:
            undo.enter_context(computing_by(pipeline.unet, tiled))
            for network in _networks(pipeline):
                undo.enter_context(computing_by(network, controls.instead_of(network)))
            yield


class _ControlsLater:
    """Calls of ControlNets for the whole latents, deferred until the UNet computes each tile."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, dict[str, Any]]] = []

    def instead_of(self, network: Any) -> Any:
        """Return a `forward` that stores the call and returns no residuals."""
        import torch

        # The class's signature: the instance may have a wrapper whose arguments have no names.
        forward, signature = network.forward, inspect.signature(type(network).forward)

        def later(*args: Any, **inputs: Any) -> tuple[list[Any], "torch.Tensor"]:
            asked = signature.bind(network, *args, **inputs).arguments
            del asked["self"]
            self._waiting.append((forward, asked))
            return [], torch.zeros(1, device=asked["sample"].device, dtype=asked["sample"].dtype)

        return later

    def taken(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return and clear the calls that were stored for this call of the denoiser."""
        taken, self._waiting = self._waiting, []
        return taken


def _residuals(
    waiting: Sequence[tuple[Any, dict[str, Any]]], box: Box, reduction: int, rows: int
) -> dict[str, Any]:
    """Return the ControlNets' residuals of one tile.

    Args:
        waiting: The stored calls: the own `forward` of each ControlNet, and its arguments.
        box: The tile, in latents.
        reduction: The pixels a side that one latent stands for.
        rows: The rows of the denoiser's batch.
    """
    import torch

    pixels = Box(*(edge * reduction for edge in box.edges))
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
        # An AND gives the denoiser more rows than the ControlNets' batch has (`guidance`).
        seen = value.shape[0]
        return torch.cat([value, *[value[FOLLOWING[seen]][None]] * (rows - seen)])

    return {
        "down_block_additional_residuals": [for_all(one) for one in total[:-1]],
        "mid_block_additional_residual": for_all(total[-1]),
    }


def _networks(pipeline: Any) -> list[Any]:
    """Return the pipeline's ControlNets, each once."""
    network = getattr(pipeline, "controlnet", None)
    if network is None:
        return []
    return list({id(one): one for one in getattr(network, "nets", [network])}.values())


TILING = UNetTiling()
