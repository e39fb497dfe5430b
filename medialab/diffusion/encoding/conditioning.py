"""What a denoiser is told by both prompts, at each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class Moment(NamedTuple):
    """What holds up to and with step `until`: `embeds` (1, tokens, width), `pooled` (1, width)."""

    until: int
    embeds: "torch.Tensor"
    pooled: "torch.Tensor | None" = None


@dataclass(frozen=True)
class Track:
    """One prompt through the steps, and how much it counts among those joined by AND."""

    moments: tuple[Moment, ...]
    weight: float = 1.0

    def at(self, step: int) -> Moment:
        """What it says at a step, counted from 1; after its last one it goes on."""
        return next((one for one in self.moments if step <= one.until), self.moments[-1])


@dataclass(frozen=True)
class Conditioning:
    """Both prompts encoded, all of one length.

    `tokens` counts those of the longest text of either prompt, `chunks` those that every text is
    padded to; `inversions` are the textual inversions that were put in.
    """

    positives: tuple[Track, ...]
    negative: Track
    tokens: int = 0
    negative_tokens: int = 0
    chunks: int = 1
    inversions: tuple[str, ...] = ()

    @classmethod
    def of(cls, embeddings: "Mapping[str, torch.Tensor]") -> "Conditioning":
        """What `embeddings()` of a conditioning gave that neither changes nor composes."""

        def track(prefix: str) -> Track:
            pooled = embeddings.get(f"{prefix}pooled_prompt_embeds")
            return Track((Moment(1, embeddings[f"{prefix}prompt_embeds"], pooled),))

        return cls((track(""),), track("negative_"))

    @property
    def changes(self) -> bool:
        """Whether any prompt says different things at different steps."""
        return any(len(track.moments) > 1 for track in (*self.positives, self.negative))

    @property
    def composes(self) -> bool:
        """Whether there is more to be done than to follow one prompt."""
        return len(self.positives) > 1 or self.positives[0].weight != 1

    def embeddings(self, step: int = 1) -> "dict[str, torch.Tensor]":
        """The first sub-prompt and the negative prompt, under the names that pipelines take."""
        positive, negative = self.positives[0].at(step), self.negative.at(step)
        found = {
            "prompt_embeds": positive.embeds,
            "negative_prompt_embeds": negative.embeds,
        }
        if positive.pooled is not None and negative.pooled is not None:
            found["pooled_prompt_embeds"] = positive.pooled
            found["negative_pooled_prompt_embeds"] = negative.pooled
        return found
