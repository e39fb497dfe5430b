"""Z-Image's ControlNets, called beside its transformer at each step.

diffusers has a pipeline for text to image with one ControlNet. Called beside the transformer, they
are followed in every task, several at once, and for a part of the steps.
Source: diffusers, ZImageControlNetPipeline; for one unit and all steps the bytes are the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.families.capabilities import Followed
from medialab.families.patching import computing_by
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import part_of

if TYPE_CHECKING:
    import torch

    Samples = Mapping[int, torch.Tensor]

# The transformer's layers that a ControlNet computes with, too.
LENT = (
    "t_scale",
    "t_embedder",
    "all_x_embedder",
    "cap_embedder",
    "rope_embedder",
    "noise_refiner",
    "context_refiner",
    "x_pad_token",
    "cap_pad_token",
)


class ZImageControl:
    """The following of ControlNets by a transformer of Z-Image."""

    @contextmanager
    def following(
        self, pipeline: Any, denoiser: Any, controls: Sequence[Followed]
    ) -> Iterator[None]:
        """Add the ControlNets' samples to the transformer's layers inside the `with` block.

        Args: as `medialab.families.capabilities.ControlFollowing.following`.
        """
        followed = _Following(pipeline, denoiser.forward, controls)
        with ExitStack() as undo:
            for one in controls:
                undo.enter_context(_lending(denoiser, one.network))
            undo.enter_context(computing_by(denoiser, followed))
            yield


class _Following:
    """A transformer's `forward` that follows ControlNets.

    Args:
        pipeline: The running pipeline, which counts the calls.
        forward: The transformer's own.
        controls: The ControlNets.
    """

    def __init__(
        self, pipeline: Any, forward: Callable[..., Any], controls: Sequence[Followed]
    ) -> None:
        self._pipeline, self._forward = pipeline, forward
        self._controls = [(one, _told(one)) for one in controls]
        self._calls = 0

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        """Call the transformer with the whole latents."""
        self._calls += 1
        return self._call(None, *args, **inputs)

    def within(self, box: Box, first: Box) -> Callable[..., Any]:
        """Return the call for a tile of the latents; the first tile's counts as a new call."""
        self._calls += box == first
        return partial(self._call, box)

    def _call(
        self, box: Box | None, latents: Any, time: Any, texts: Any, *rest: Any, **inputs: Any
    ) -> Any:
        steps, calls = int(self._pipeline.num_timesteps), self._calls
        present = [
            (one, told if box is None else part_of(told, box))
            for one, told in self._controls
            if calls - 1 >= one.unit.start * steps and calls <= one.unit.end * steps
        ]

        def of_rows(rows: slice) -> Any:
            more = _samples(present, latents[rows], time[rows], texts[rows])
            told = {**inputs, **({"controlnet_block_samples": more} if more else {})}
            return self._forward(latents[rows], time[rows], texts[rows], *rest, **told)

        if not hasattr(self._forward, "rows_apart"):
            return of_rows(slice(None))
        # The samples are as long as the longest row, so that rows are told apart here.
        found = [of_rows(slice(row, row + 1)) for row in range(len(latents))]
        return ([one[0][0] for one in found],)


def _told(one: Followed) -> "torch.Tensor":
    """Return a unit's latents as its ControlNet reads them: (1, c, 1, h, w).

    Those of version 2 also read a mask and a masked picture: zeros, for none.
    """
    import torch

    latents, channels = one.latents, int(one.network.config.control_in_dim)
    more = latents.new_zeros(1, channels - latents.shape[1], *latents.shape[2:])
    return torch.cat([latents, more], dim=1).unsqueeze(2)


def _samples(
    present: "Sequence[tuple[Followed, torch.Tensor]]", latents: Any, time: Any, texts: Any
) -> "Samples":
    """Return the sum of the ControlNets' samples, by the transformer's layers."""
    total: dict[int, Any] = {}
    for one, control in present:
        rows = control.repeat(len(latents), 1, 1, 1, 1)
        found = one.network(latents, time, texts, rows, conditioning_scale=one.unit.weight)
        for layer, more in found.items():
            total[layer] = total[layer] + more if layer in total else more
    return total


@contextmanager
def _lending(denoiser: Any, network: Any) -> Iterator[None]:
    """Lend the transformer's layers to a ControlNet inside the `with` block.

    Afterwards it holds none of them, so that the checkpoint can be released.
    """
    network.from_transformer(network, denoiser)
    try:
        yield
    finally:
        for name in LENT:
            setattr(network, name, None)


CONTROL = ZImageControl()
