"""The interface of a family's prompt encoder."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch
    from PIL import Image


class Reading(NamedTuple):
    """Settings of the prompt encoder.

    Attributes:
        emphasis: The effect of brackets, one of EMPHASES.
        clip_skip: The text encoder's layer to use, counted from its end: 1 is the last.
        pictures: The pictures of an instruction, 8-bit RGB, for encoders that look at them too.
    """

    emphasis: str = "original"
    clip_skip: int = 1
    pictures: "tuple[Image.Image, ...]" = ()


class Encoded(NamedTuple):
    """One encoded text.

    Attributes:
        values: Tensors by the names of the pipeline's inputs.
        tokens: The text's number of tokens.
        chunks: The number of chunks in which it was encoded.
        inversions: Names of the textual inversions in use.
        notes: Notes for the record on parts of the text without effect.
    """

    values: "Mapping[str, torch.Tensor]"
    tokens: int
    chunks: int = 1
    inversions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Readable(Protocol):
    """The facts of a checkpoint on loan that a prompt encoder needs."""

    @property
    def components(self) -> Mapping[str, Any]:
        """Its networks, tokenizers and scheduler, as diffusers names them."""

    @property
    def pipeline_config(self) -> Mapping[str, Any]:
        """The config of its pipeline."""

    @property
    def device(self) -> str:
        """The torch device that it is on."""

    @property
    def inversions(self) -> Mapping[str, Path]:
        """Files of the textual inversions that prompts may name."""


class TextEncoder(Protocol):
    """A checkpoint's text encoders with their settings."""

    def encode(self, text: str) -> Encoded:
        """Encode one text, given in Unicode normal form C."""

    def key(self, text: str) -> Hashable | None:
        """Return a cache key of all else that affects the encoding: textual inversions' files.

        The text, the settings and the weights are not in it. None means that the result must not
        be cached.
        """

    def evened(
        self, texts: Mapping[str, Encoded], encode: Callable[[str], Encoded]
    ) -> Mapping[str, Encoded]:
        """Return the texts of one denoising in the shapes that it needs, such as one length.

        Args:
            texts: The encoded texts.
            encode: `self.encode` with a cache.
        """

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return the conditioning of an empty negative prompt, from the encoded empty text."""


class StoredTexts(Protocol):
    """Encoded texts that outlive their checkpoint's stay in memory."""

    def recalled(self, facts: Mapping[str, Any], encode: Callable[[], Encoded]) -> Encoded:
        """Return a text as it was encoded before, or encode and store it.

        Args:
            facts: The text and all settings that decide its encoding, as plain JSON values.
            encode: Encodes it.
        """


class TextByText(ABC):
    """A prompt encoder that reads each text by itself, at the length that the denoiser takes."""

    @property
    @abstractmethod
    def networks(self) -> Iterable[Any]:
        """The text encoders' networks."""

    def key(self, text: str) -> Hashable | None:  # noqa: ARG002 - nothing but the text decides
        """Return an empty key; None for encoders with adapters."""
        return None if any(getattr(one, "peft_config", None) for one in self.networks) else ()

    def evened(
        self,
        texts: Mapping[str, Encoded],
        encode: Callable[[str], Encoded],  # noqa: ARG002 - nothing is added
    ) -> Mapping[str, Encoded]:
        """Return the texts unchanged."""
        return texts

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return the encoded empty text unchanged."""
        return empty


# Makes a prompt encoder for a checkpoint.
MakeTextEncoder = Callable[[Readable, Reading], TextEncoder]
# Counts the tokens of a prompt's longest text, and those that fit, from the files in a tokenizer's
# folder alone; neither weights nor torch are loaded.
CountTokens = Callable[[str, Path], tuple[int, int]]
