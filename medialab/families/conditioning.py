"""What a denoiser is told by both prompts, at each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

# Before a value's name, in what a pipeline takes: it is the negative prompt's.
NEGATIVE = "negative_"


class Moment(NamedTuple):
    """What a prompt says up to and with step `until`.

    `values` are tensors by the names under which the family's pipelines take them, such as
    `prompt_embeds`.
    """

    until: int
    values: "Mapping[str, torch.Tensor]"


@dataclass(frozen=True)
class Track:
    """One prompt through the steps, and how much it counts among those joined by AND."""

    moments: tuple[Moment, ...]
    weight: float = 1.0

    def at(self, step: int) -> Moment:
        """Return what it says at a step, counted from 1; after its last one it goes on."""
        return next((one for one in self.moments if step <= one.until), self.moments[-1])


@dataclass(frozen=True)
class Conditioning:
    """Both prompts encoded.

    `tokens` counts those of the longest text of either prompt, `chunks` the pieces of the longest;
    `inversions` are the textual inversions that were put in. `notes` tell a person what of the
    prompts has no effect with this family.
    """

    positives: tuple[Track, ...]
    negative: Track
    tokens: int = 0
    negative_tokens: int = 0
    chunks: int = 1
    inversions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, embeddings: "Mapping[str, torch.Tensor]") -> "Conditioning":
        """Return one that neither changes nor composes, of what its `embeddings()` gave."""
        negative = {
            name.removeprefix(NEGATIVE): value
            for name, value in embeddings.items()
            if name.startswith(NEGATIVE)
        }
        positive = {name: embeddings[name] for name in negative}
        return cls((Track((Moment(1, positive),)),), Track((Moment(1, negative),)))

    @property
    def changes(self) -> bool:
        """Whether any prompt says different things at different steps."""
        return any(len(track.moments) > 1 for track in (*self.positives, self.negative))

    @property
    def composes(self) -> bool:
        """Whether there is more to be done than to follow one prompt."""
        return len(self.positives) > 1 or self.positives[0].weight != 1

    def embeddings(self, step: int = 1) -> "dict[str, torch.Tensor]":
        """Return the first sub-prompt and the negative prompt, by the names that pipelines take."""
        positive, negative = self.positives[0].at(step).values, self.negative.at(step).values
        return {**positive, **{f"{NEGATIVE}{name}": value for name, value in negative.items()}}
