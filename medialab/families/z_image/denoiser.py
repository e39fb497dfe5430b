"""Z-Image's transformer as the denoiser of its family."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.base import PLAIN
from medialab.families.patching import computing_by

NATIVE_SIZE, REDUCTION = 1024, 8  # pixels
PLACES = 4  # latents that one token stands for: 2 × 2


@dataclass(frozen=True)
class Transformer:
    """The denoiser of Z-Image: diffusers' ZImageTransformer2DModel."""

    part: str = "transformer"
    text_encoders: tuple[str, ...] = ("text_encoder",)

    def variant(self, network: Any) -> str:  # noqa: ARG002 - there are no others
        """Return the usual variant, the only one."""
        return PLAIN

    def trained_latents(self, network: Any) -> int:  # noqa: ARG002 - its config does not say
        """Return the side, in latents, that it was trained at."""
        return NATIVE_SIZE // REDUCTION

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:  # noqa: ARG002
        """Refuse any ControlNet: none is supported yet."""
        raise ModelRefusedError(f"ControlNets of {family} are not followed yet; remove the unit")

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text embeddings of one width."""
        same: bool = network.config.cap_feat_dim == other.config.cap_feat_dim
        return same

    def width(self, network: Any) -> int:
        """Return the transformer's width for each position of the latents."""
        return int(network.config.dim) // PLACES

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself inside the `with` block, in one prompt's memory."""
        forward = network.forward

        def apart(latents: Any, time: Any, texts: Any, *rest: Any, **inputs: Any) -> Any:
            rows = zip(latents, time.split(1), texts, strict=True)
            found = [forward([x], t, [text], *rest, **inputs)[0][0] for x, t, text in rows]
            return (found,)

        with computing_by(network, apart):
            yield
