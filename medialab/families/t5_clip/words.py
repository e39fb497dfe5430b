"""One text encoder with its tokenizer: a text as tokens, and the effect of brackets on them.

Brackets move a token's states away from those that the empty text has at the same place, or towards
them: empty + weight · (states - empty). Scaling the states alone, as with a UNet, has little effect
on these transformers, since they normalize each token before they read it.

Source: ComfyUI comfy/sd1_clip.py, ClipTokenWeightEncoder, for T5 and CLIP alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.families.brackets import Plain

if TYPE_CHECKING:
    import torch


class Tokens(NamedTuple):
    """A text as tokens, padded to the encoder's length.

    Attributes:
        ids: (1, length).
        mask: (1, length), 1 for the text's tokens and its end, 0 for the padding.
        weights: (1, length, 1), the tokens' weights by brackets.
        number: The text's tokens without marks, those that are cut off included.
        room: The tokens that can be read.
    """

    ids: "torch.Tensor"
    mask: "torch.Tensor"
    weights: "torch.Tensor"
    number: int
    room: int

    def note(self, name: str) -> tuple[str, ...]:
        """Return a note if not all tokens are read, in a tuple.

        Args:
            name: The encoder's name for the note.
        """
        if self.number <= self.room:
            return ()
        return (f"of {self.number} tokens {name} reads {self.room}",)


@dataclass(frozen=True)
class Words:
    """A tokenizer and the length of the texts that its encoder reads.

    Attributes:
        tokenizer: A fast tokenizer of transformers.
        length: The tokens of a text with its marks.
        device: The device of the tokens.
    """

    tokenizer: Any
    length: int
    device: str

    def tokens(self, plain: Plain) -> Tokens:
        """Return a text's tokens, exactly those of its plain words."""
        import torch

        read = self.tokenizer(
            [plain.text],
            padding="max_length",
            max_length=self.length,
            truncation=True,
            return_attention_mask=True,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        weights = [
            plain.weights[end - 1] if end > start else 1.0
            for start, end in read.offset_mapping[0].tolist()
        ]
        whole = self.tokenizer(plain.text, truncation=False, verbose=False).input_ids
        marks = self.tokenizer.num_special_tokens_to_add()
        return Tokens(
            read.input_ids.to(self.device),
            read.attention_mask.to(self.device),
            torch.tensor(weights, device=self.device)[None, :, None],
            len(whole) - marks,
            self.length - marks,
        )

    def weighed(
        self, plain: Plain, encode: "Callable[[Tokens], torch.Tensor]"
    ) -> "tuple[torch.Tensor, Tokens]":
        """Return a text's states (1, length, width) with its weights, and its tokens.

        Args:
            plain: The text.
            encode: Computes the states of tokens.
        """
        import torch

        tokens = self.tokens(plain)
        states = encode(tokens)
        if not plain.is_weighed:
            return states, tokens
        empty = encode(self.tokens(Plain("", ())))
        moved = empty + tokens.weights.to(states.dtype) * (states - empty)
        return torch.where(tokens.weights == 1, states, moved), tokens
