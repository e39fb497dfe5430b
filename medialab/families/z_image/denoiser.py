"""Z-Image's transformer as the denoiser of its family."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.denoisers import WIDE
from medialab.families.flow.denoiser import FlowTransformer
from medialab.families.patching import computing_by


@dataclass(frozen=True, kw_only=True)
class Transformer(FlowTransformer):
    """The denoiser of Z-Image: diffusers' ZImageTransformer2DModel."""

    text_encoders: tuple[str, ...] = ("text_encoder",)
    text_width: str = "cap_feat_dim"
    dims: tuple[str, ...] = ("dim",)
    wide: str = rf"{WIDE}|t_embedder|cap_embedder"

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:
        """Refuse a ControlNet that is made for a transformer of another size."""
        places = [*control.config.control_layers_places, -1]
        if control.config.dim != network.config.dim or max(places) >= network.config.n_layers:
            message = (
                f"a ControlNet is made for a transformer of width {control.config.dim} and at "
                f"least {max(places) + 1} layers, this {family} checkpoint's has width "
                f"{network.config.dim} and {network.config.n_layers} layers: choose one made for it"
            )
            raise ModelRefusedError(message)

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself inside the `with` block, in one prompt's memory."""
        if not hasattr(network, "all_final_layer"):
            yield  # a ControlNet, whose rows are those of the transformer that it is called beside
            return
        forward = network.forward

        def apart(latents: Any, time: Any, texts: Any, *rest: Any, **inputs: Any) -> Any:
            rows = zip(latents, time.split(1), texts, strict=True)
            found = [forward([x], t, [text], *rest, **inputs)[0][0] for x, t, text in rows]
            return (found,)

        with computing_by(network, apart):
            yield
