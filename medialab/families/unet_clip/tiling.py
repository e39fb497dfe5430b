"""A UNet that sees large latents tile by tile, and ControlNets that follow it.

At each step it predicts every tile's noise, and where tiles overlap one prediction fades into the
next; the sampler, and the noise that was drawn once for the whole, know nothing of it.
Source: Bar-Tal et al., "MultiDiffusion", equation 5; the fading weights as in Jimenez, "Mixture of
Diffusers".
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
    """How a UNet sees large latents part by part."""

    @contextmanager
    def in_tiles(
        self,
        pipeline: Any,
        boxes: Sequence[Box],
        overlap: int,
        reduction: int,
        on_tile: Callable[[], None],
    ) -> Iterator[None]:
        """Have the pipeline's UNet and ControlNets work box by box while it lasts."""
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
    """ControlNets are asked for the whole, and answer when the denoiser comes to each tile."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, dict[str, Any]]] = []

    def instead_of(self, network: Any) -> Any:
        """Return a forward that remembers what was asked, and adds nothing to the denoiser."""
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
        """Return what was asked for this call of the denoiser."""
        taken, self._waiting = self._waiting, []
        return taken


def _residuals(
    waiting: Sequence[tuple[Any, dict[str, Any]]], box: Box, reduction: int, rows: int
) -> dict[str, Any]:
    """Return what the ControlNets add to the denoiser in a tile, for so many rows."""
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
        # An AND gives the denoiser more rows than the ControlNets saw (`guidance`).
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
