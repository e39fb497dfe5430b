"""A flow-matching transformer as the denoiser of a family: facts from its config."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.families.base import PLAIN
from medialab.families.denoisers import WIDE
from medialab.families.patching import computing_by, joined_rows, of_rows

NATIVE_SIZE, REDUCTION = 1024, 8  # pixels
PLACES = 4  # latents that one token stands for: 2 × 2
# Names of files of the VAE that Flux.1, Chroma and Z-Image share; it is published as "ae".
FLUX_VAES = r"flux|chroma|z[-_ ]?image|^ae(?![a-z])"
# The makers' names, in Flux.1, Flux.2 and SD3, of layers that in diffusers are those of a norm, or
# the first or last one.
_WIDE = r"_mod\.lin$|\.modulation\.lin$|adaLN_modulation|^final_layer\.linear|^x_embedder\.proj$"
# The numbers in most transformers' configs whose product is their width.
WIDTH = ("num_attention_heads", "attention_head_dim")


@dataclass(frozen=True, kw_only=True)
class FlowTransformer:
    """The transformer of a flow-matching family, of one of diffusers' classes.

    Attributes:
        text_encoders: The names of its text encoders, in the order in which they are used.
        text_width: The name in its config of the width of the text embeddings that it reads.
        native_size: The side in pixels that it was trained at; its config does not say.
        reduction: The pixels a side that one latent stands for.
        places: The latents that one token stands for.
        dims: The numbers in its config whose product is its width.
        part: Its name among a pipeline's components.
        lists_hold_rows: Whether lists among its arguments have an element for each row.
        wide: A pattern of names of layers whose weights no `weight_dtype` stores in a byte.
    """

    text_encoders: tuple[str, ...]
    text_width: str = "joint_attention_dim"
    native_size: int = NATIVE_SIZE
    reduction: int = REDUCTION
    places: int = PLACES
    dims: tuple[str, ...] = WIDTH
    part: str = "transformer"
    lists_hold_rows: bool = True
    wide: str = rf"{WIDE}|{_WIDE}"

    def variant(self, network: Any) -> str:  # noqa: ARG002 - there are no others
        """Return the usual variant, the only one."""
        return PLAIN

    def trained_latents(self, network: Any) -> int:  # noqa: ARG002 - its config does not say
        """Return the side, in latents, that it was trained at."""
        return self.native_size // self.reduction

    def check_controlnet(self, network: Any, control: Any, family: str) -> None:  # noqa: ARG002
        """Refuse any ControlNet: without `control_inputs`, a family follows none."""
        raise ModelRefusedError(f"ControlNets of {family} are not followed yet; remove the unit")

    def reads_alike(self, network: Any, other: Any) -> bool:
        """Return whether both read text embeddings of one width."""
        widths = [getattr(one.config, self.text_width, None) for one in (network, other)]
        return widths[0] == widths[1] is not None

    def width(self, network: Any) -> int:
        """Return the transformer's width for each position of the latents."""
        return math.prod(int(network.config[name]) for name in self.dims) // self.places

    @contextmanager
    def rows_apart(self, network: Any) -> Iterator[None]:
        """Compute each row of a batch by itself inside the `with` block, in one prompt's memory.

        The network is called with tensors (rows, ...) by name, the first of which are the latents.
        """
        forward = network.forward

        def apart(*args: Any, **inputs: Any) -> Any:
            rows = len(args[0] if args else inputs["hidden_states"])
            if rows == 1:
                return forward(*args, **inputs)
            return joined_rows(
                [
                    forward(*of_row(args, row, rows), **of_row(inputs, row, rows))
                    for row in range(rows)
                ]
            )

        with computing_by(network, apart):
            yield


def of_row(inputs: Any, row: int, rows: int) -> Any:
    """Return one row's inputs from those of a batch of `rows`."""
    return of_rows(inputs, rows, lambda value: value[row : row + 1])
