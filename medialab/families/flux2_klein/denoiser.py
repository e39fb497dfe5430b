"""The transformer of Flux.2 Klein as the denoiser of its families."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.flow.denoiser import FlowTransformer

REDUCTION = 16  # pixels a side of a patch of the VAE's latents


@dataclass(frozen=True, kw_only=True)
class KleinTransformer(FlowTransformer):
    """The denoiser of Flux.2 Klein: diffusers' Flux2Transformer2DModel."""

    text_encoders: tuple[str, ...] = ("text_encoder",)
    reduction: int = REDUCTION
    places: int = 1

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:  # noqa: ARG002
        """Refuse any ControlNet: diffusers has none for it."""
        message = f"there are no ControlNets for {family}; give it a reference picture instead"
        raise ModelRefusedError(message)

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:  # noqa: ARG002
        """Change nothing: the pipeline computes each prompt by itself."""
        yield
