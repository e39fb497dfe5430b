"""The embeddings of both prompts at each step: a denoiser's conditioning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

# Prefix of the negative prompt's inputs of a pipeline.
NEGATIVE = "negative_"


class Moment(NamedTuple):
    """A prompt's embeddings for a range of steps.

    Attributes:
        until: The last step of the range, counted from 1.
        values: Tensors by the names of the pipeline's inputs, such as `prompt_embeds`.
    """

    until: int
    values: "Mapping[str, torch.Tensor]"


@dataclass(frozen=True)
class Track:
    """One prompt's embeddings over the steps, and its weight among those joined by AND."""

    moments: tuple[Moment, ...]
    weight: float = 1.0

    def at(self, step: int) -> Moment:
        """Return the embeddings of a step, counted from 1; the last ones hold to the end."""
        return next((one for one in self.moments if step <= one.until), self.moments[-1])


@dataclass(frozen=True)
class Conditioning:
    """Both prompts, encoded.

    Attributes:
        positives: The prompt's sub-prompts, joined by AND.
        negative: The negative prompt.
        tokens: The tokens of the prompt's longest text.
        negative_tokens: The tokens of the negative prompt's longest text.
        chunks: The chunks of the longest text.
        inversions: Names of the textual inversions in use.
        notes: Notes for the record on parts of the prompts without effect in this family.
    """

    positives: tuple[Track, ...]
    negative: Track
    tokens: int = 0
    negative_tokens: int = 0
    chunks: int = 1
    inversions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, embeddings: "Mapping[str, torch.Tensor]", dtype: "torch.dtype | None" = None
    ) -> "Conditioning":
        """Return a conditioning without schedules or AND, from the result of `embeddings()`.

        Args:
            embeddings: The tensors of both prompts, by pipeline input.
            dtype: What the denoiser computes in: those with fewer bits are raised to it.
        """
        embeddings = {name: _raised(value, dtype) for name, value in embeddings.items()}
        negative = {
            name.removeprefix(NEGATIVE): value
            for name, value in embeddings.items()
            if name.startswith(NEGATIVE)
        }
        positive = {name: embeddings[name] for name in negative}
        return cls((Track((Moment(1, positive),)),), Track((Moment(1, negative),)))

    @property
    def changes(self) -> bool:
        """Whether any prompt changes with the steps."""
        return any(len(track.moments) > 1 for track in (*self.positives, self.negative))

    @property
    def composes(self) -> bool:
        """Whether the prompt is more than one sub-prompt of weight 1."""
        return len(self.positives) > 1 or self.positives[0].weight != 1

    def embeddings(self, step: int = 1) -> "dict[str, torch.Tensor]":
        """Return the first sub-prompt's and the negative prompt's tensors, by pipeline input."""
        positive, negative = self.positives[0].at(step).values, self.negative.at(step).values
        return {**positive, **{f"{NEGATIVE}{name}": value for name, value in negative.items()}}


def _raised(value: "torch.Tensor", dtype: "torch.dtype | None") -> "torch.Tensor":
    """Return a tensor of numbers with no fewer bits than a dtype's; others as they are."""
    is_smaller = dtype is not None and value.dtype.itemsize < dtype.itemsize
    return value.to(dtype) if is_smaller and value.is_floating_point() else value
