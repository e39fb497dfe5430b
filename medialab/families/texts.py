"""How a family reads prompts: the interface of its text encoders."""

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch


class Reading(NamedTuple):
    """How prompts are read.

    `emphasis` says what brackets do, one of EMPHASES; `clip_skip` is the layer of the text encoder
    that counts, from its end: 1 is the last.
    """

    emphasis: str = "original"
    clip_skip: int = 1


class Encoded(NamedTuple):
    """One text as its denoiser reads it.

    `values` are tensors by the names under which the family's pipelines take them. `tokens` counts
    those of the text, `chunks` the pieces that it was read in; `inversions` are the textual
    inversions that were put in. `notes` tell a person what of the text has no effect.
    """

    values: "Mapping[str, torch.Tensor]"
    tokens: int
    chunks: int = 1
    inversions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Readable(Protocol):
    """What of a checkpoint in use reads its prompts."""

    @property
    def components(self) -> Mapping[str, Any]:
        """Its networks, tokenizers and scheduler, as diffusers names them."""

    @property
    def pipeline_config(self) -> Mapping[str, Any]:
        """What the config of its pipeline says."""

    @property
    def device(self) -> str:
        """The torch device that it is on."""

    @property
    def inversions(self) -> Mapping[str, Path]:
        """Files of the textual inversions that prompts may name."""


class TextEncoder(Protocol):
    """A checkpoint's text encoders, set to one way of reading."""

    def encode(self, text: str) -> Encoded:
        """Encode one text, which is in Unicode's composed form."""

    def key(self, text: str) -> Hashable | None:
        """Return what decides how a text is encoded, besides itself, the reading and the weights.

        None where nothing tells, so that it must not be remembered.
        """

    def evened(
        self, texts: Mapping[str, Encoded], encode: Callable[[str], Encoded]
    ) -> Mapping[str, Encoded]:
        """Return texts that one denoising reads in the shapes that it needs them in.

        `encode` is `self.encode`, remembered.
        """

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return what stands for a negative prompt that is empty, of how that is encoded."""


# Makes one for a checkpoint.
MakeTextEncoder = Callable[[Readable, Reading], TextEncoder]
# Counts the tokens of a prompt's longest text, and those for which there is room, by the files of a
# tokenizer's folder alone: neither weights nor torch are loaded.
CountTokens = Callable[[str, Path], tuple[int, int]]
