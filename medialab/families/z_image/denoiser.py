"""Z-Image's transformer as the denoiser of its family."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.base import PLAIN
from medialab.families.patching import computing_by

NATIVE_SIZE, REDUCTION = 1024, 8  # pixels
PLACES = 4  # of the latents that one of its tokens stands for: 2 × 2


@dataclass(frozen=True)
class Transformer:
    """diffusers' ZImageTransformer2DModel."""

    part: str = "transformer"
    text_encoders: tuple[str, ...] = ("text_encoder",)

    def variant(self, network: Any) -> str:  # noqa: ARG002 - there are no others
        """Return what it is made for."""
        return PLAIN

    def trained_latents(self, network: Any) -> int:  # noqa: ARG002 - its config does not say
        """Return the latents a side that it was trained at."""
        return NATIVE_SIZE // REDUCTION

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:  # noqa: ARG002
        """Refuse all ControlNets."""
        raise ModelRefusedError(f"ControlNets of {family} are not followed yet; remove the unit")

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text of one width."""
        same: bool = network.config.cap_feat_dim == other.config.cap_feat_dim
        return same

    def width(self, network: Any) -> int:
        """Return the numbers that its first layer has for a place of the latents."""
        return int(network.config.dim) // PLACES

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself: it needs at once what one prompt does."""
        forward = network.forward

        def apart(latents: Any, time: Any, texts: Any, *rest: Any, **inputs: Any) -> Any:
            rows = zip(latents, time.split(1), texts, strict=True)
            found = [forward([x], t, [text], *rest, **inputs)[0][0] for x, t, text in rows]
            return (found,)

        with computing_by(network, apart):
            yield
