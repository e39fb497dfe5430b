"""What the prompt encoders of these families have in common."""

from abc import abstractmethod
from typing import Any

from medialab.families.brackets import Plain, without_brackets
from medialab.families.t5_clip.words import Words
from medialab.families.texts import Encoded, Readable, Reading, TextByText

EMBEDS, POOLED = "prompt_embeds", "pooled_prompt_embeds"
_LAYERS = "clip_skip has no effect: this family always reads the same layer of its text encoders"


class T5ClipEncoder(TextByText):
    """A checkpoint's T5 and CLIP text encoders with their settings.

    Args:
        model: The checkpoint on loan.
        reading: The effect of brackets; `clip_skip` is ignored with a note.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        self._model, self._reading = model, reading

    def encode(self, text: str) -> Encoded:
        """Encode one text as the family's diffusers pipeline does; brackets weigh its tokens."""
        import torch

        with torch.inference_mode():
            found = self._encode(without_brackets(text, self._reading))
        if self._reading.clip_skip != 1:
            return found._replace(notes=(_LAYERS, *found.notes))
        return found

    @property
    def networks(self) -> tuple[Any, ...]:
        """Those that the checkpoint has."""
        return tuple(self._model.components.get(name) for name in self._networks)

    @property
    @abstractmethod
    def _networks(self) -> tuple[str, ...]:
        """The names of the text encoders."""

    @abstractmethod
    def _encode(self, plain: Plain) -> Encoded:
        """Encode a text without brackets and its weights."""

    def _part(self, name: str) -> Any:
        return self._model.components[name]

    def _words(self, tokenizer: str, length: int = 0) -> Words:
        """Return a tokenizer with its length, by default its own."""
        own = self._part(tokenizer)
        return Words(own, length or int(own.model_max_length), self._model.device)
