"""Prompts of Qwen-Image 2.1's transformer, which its pipeline calls once for each prompt."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from medialab.families.conditioning import NEGATIVE
from medialab.families.flow.prompt_inputs import TurnsGuide
from medialab.families.guidance import GuidanceKind
from medialab.families.qwen_image21.encoder import EMBEDS, PLACES

if TYPE_CHECKING:
    import torch

    from medialab.families.conditioning import Track

GUIDANCE: GuidanceKind = "true"
_TEXT, _PICTURES = "encoder_hidden_states", "img_mask"
# The first step stores what the transformer computes of the prompt, and later steps take it.
_STORED = ("kv_cache", "kv_cache_mode")


class QwenImage21Guide(TurnsGuide):
    """The prompts of one run of a Qwen-Image 2.1 pipeline."""

    INPUTS: ClassVar = {EMBEDS: _TEXT}

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and the scale; at 1 the negative prompt is left out."""
        tensors = self._conditioning.embeddings(self._step)
        against = f"{NEGATIVE}{EMBEDS}"
        read = {EMBEDS: tensors[EMBEDS]}
        if guidance_scale > 1:
            read[against] = tensors[against]
        return {**read, "true_cfg_scale": guidance_scale}

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Give the transformer the prompts, and the pipeline the places of their pictures."""
        if PLACES not in self._conditioning.embeddings(self._step):
            with super().composing():
                yield
            return
        self._pipeline.encode_prompt = self._encoded
        try:
            with super().composing():
                yield
        finally:
            del self._pipeline.encode_prompt

    def _encoded(self, **inputs: Any) -> "tuple[torch.Tensor, None, torch.Tensor]":
        """Return a prompt's embeddings, no mask, and its pictures' places.

        In place of the pipeline's `encode_prompt`, which takes no embeddings beside pictures.
        """
        tensors, given = self._conditioning.embeddings(self._step), inputs[EMBEDS]
        is_negative = given is tensors[f"{NEGATIVE}{EMBEDS}"]
        return given, None, tensors[f"{NEGATIVE if is_negative else ''}{PLACES}"]

    @property
    def _is_plain(self) -> bool:
        """Whether there is one prompt, the same at all steps, and the first step reads both."""
        one = not (self._conditioning.changes or self._conditioning.composes)
        return one and self._guided.includes(1, self._steps)

    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer for the prompt of this turn; see `TurnsGuide`.

        Without what the first step stored, it answers for the prompt's places, too, whose number
        differs; the pipeline takes the last ones.
        """
        drawn = math.prod(inputs["img_shapes"][0][-1])

        def of_picture(*args: Any, **inputs: Any) -> Any:
            return (forward(*args, **inputs)[0][:, -drawn:],)

        return super()._composed(forward if self._is_plain else of_picture, *args, **inputs)

    def _told(self, tracks: "Sequence[Track]", inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the transformer's inputs with a prompt.

        Prompts that change with the steps, or are several at once, are computed at each step.
        """
        prompts = super()._told(tracks, inputs)
        if self._is_plain:
            return prompts
        before, now = inputs[_TEXT].shape[1], prompts[_TEXT].shape[1]
        drawn = inputs[_PICTURES][:, before:]
        read = tracks[0].at(self._step).values.get(PLACES, drawn.new_zeros(1, now))
        return {**prompts, **dict.fromkeys(_STORED), _PICTURES: _joined(read, drawn)}


def _joined(read: "torch.Tensor", drawn: "torch.Tensor") -> "torch.Tensor":
    """Return the marks of the picture's places in the whole sequence: none in the prompt."""
    import torch

    return torch.cat([read, drawn], dim=1)
