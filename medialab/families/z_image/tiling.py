"""Tiled denoising with Z-Image's transformer.

At each step the transformer predicts every tile, and predictions are blended where tiles overlap.
Source: Bar-Tal et al., "MultiDiffusion", equation 5.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.families.patching import computing_by
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import blended, part_of

if TYPE_CHECKING:
    import torch


class ZImageTiling:
    """Denoising of large latents in tiles; each is a picture of its own for the transformer."""

    @contextmanager
    def in_tiles(
        self,
        pipeline: Any,
        boxes: Sequence[Box],
        overlap: int,
        reduction: int,  # noqa: ARG002 - control images are latents, too
        on_tile: Callable[[], None],
    ) -> Iterator[None]:
        """Run the pipeline's transformer tile by tile inside the `with` block.

        Args: as `medialab.families.capabilities.Tiling.in_tiles`. Tiles have an even width and
        height.
        """
        forward = pipeline.transformer.forward
        within = getattr(forward, "within", None)  # of ControlNets that it follows

        def tiled(latents: Any, *args: Any, **inputs: Any) -> Any:
            def predict(box: Box) -> "torch.Tensor":
                import torch

                compute = within(box, boxes[0]) if within else forward
                found = compute([part_of(one, box) for one in latents], *args, **inputs)[0]
                on_tile()
                return torch.stack(list(found))

            first = latents[0]
            shape = (len(latents), *first.shape)
            whole = blended(shape, boxes, overlap, predict, device=first.device)
            return (list(whole.to(first.dtype)),)

        with computing_by(pipeline.transformer, tiled):
            yield


TILING = ZImageTiling()
