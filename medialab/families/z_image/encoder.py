"""Texts through the language model that Z-Image reads: one user's message, its last layer but one.

Source: diffusers, ZImagePipeline's `_encode_prompt`; a plain prompt is bit for bit what that gives.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from medialab.families.texts import Encoded, Readable, Reading
from medialab.prompts import parse, weigh, without_tags

EMBEDS = "prompt_embeds"
MOST_TOKENS = 512  # of a message with its marks; the pipeline cuts off what is more
# A message with its marks, as the tokenizer's chat template writes it.
_MESSAGE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


class ChatEncoder:
    """A checkpoint's language model, asked for what it makes of a prompt.

    Brackets weigh nothing: the model reads words, not sums of vectors. They are left out, but where
    the emphasis is "none", and what has no effect is noted.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        self._tokenizer = model.components["tokenizer"]
        self._network = model.components["text_encoder"]
        self._device = model.device
        self._reading = reading

    def encode(self, text: str) -> Encoded:
        """Encode one text: its embeddings are (tokens, width), with those of its marks."""
        import torch

        plain, notes = self._plain(text)
        read = self._tokenizer(
            [self._message(plain)],
            padding="max_length",
            max_length=MOST_TOKENS,
            truncation=True,
            return_tensors="pt",
        )
        mask = read.attention_mask.to(self._device).bool()
        with torch.inference_mode():
            states = self._network(
                input_ids=read.input_ids.to(self._device),
                attention_mask=mask,
                output_hidden_states=True,
            ).hidden_states[-2]
        marks = self._length("")
        tokens = self._length(plain) - marks
        if tokens + marks > MOST_TOKENS:
            notes = (*notes, f"of {tokens} tokens {MOST_TOKENS - marks} are read")
        return Encoded({EMBEDS: states[0][mask[0]]}, tokens, notes=notes)

    def key(self, text: str) -> Hashable | None:  # noqa: ARG002 - nothing but the text decides
        """Return nothing more; None for an encoder with adapters."""
        return None if getattr(self._network, "peft_config", None) else ()

    def evened(
        self,
        texts: Mapping[str, Encoded],
        encode: Callable[[str], Encoded],  # noqa: ARG002 - nothing is added
    ) -> Mapping[str, Encoded]:
        """Return the texts as they are: the transformer takes each with its own length."""
        return texts

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return the empty message."""
        return empty

    def _plain(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return the words that are read, and notes on what of the text is not."""
        notes = []
        if self._reading.clip_skip != 1:
            notes.append("clip_skip has no effect: no layer of this text encoder is left out")
        if self._reading.emphasis == "none":
            return text, tuple(notes)
        sections = weigh(text)
        weights = {fragment.weight for fragment in chain(*sections)}
        if self._reading.emphasis != "ignore" and weights - {1.0}:
            notes.append("brackets have no effect: this text encoder reads words without weights")
        plain = " ".join("".join(one.text for one in section) for section in sections)
        return plain, tuple(notes)

    def _message(self, text: str) -> str:
        """Return a message with its marks."""
        message: str = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=True,
        )
        return message

    def _length(self, text: str) -> int:
        return len(self._tokenizer(self._message(text)).input_ids)


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and for how many a message has room.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    tokenizer = _tokenizer(folder)
    marks = len(tokenizer.encode(_MESSAGE.format("")).ids)
    texts = parse(without_tags(prompt), 1).texts
    longest = max(len(tokenizer.encode(_MESSAGE.format(_words(text))).ids) for text in texts)
    return longest - marks, MOST_TOKENS - marks


def _words(text: str) -> str:
    return " ".join("".join(one.text for one in section) for section in weigh(text))


@lru_cache(maxsize=4)
def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    file.stat()
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
