"""The prompt encoder of Z-Image: a language model's layer before the last, for one chat message.

Source: diffusers, ZImagePipeline's `_encode_prompt`; a plain prompt gives the same bit for bit.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from medialab.families.texts import Encoded, Readable, Reading
from medialab.prompts import parse, weigh, without_tags

EMBEDS = "prompt_embeds"
MOST_TOKENS = 512  # of a message with its marks; the pipeline drops any further tokens
# A message with its marks, in the tokenizer's chat template.
_MESSAGE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


class ChatEncoder:
    """A checkpoint's language model as its prompt encoder.

    Brackets have no effect, since the model reads words without weights. They are left out, unless
    the emphasis is "none", and a note says so.

    Args:
        model: The checkpoint on loan.
        reading: The effect of brackets; `clip_skip` is ignored with a note.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        self._tokenizer = model.components["tokenizer"]
        self._network = model.components["text_encoder"]
        self._device = model.device
        self._reading = reading

    def encode(self, text: str) -> Encoded:
        """Encode one text to embeddings (tokens, width), the marks' included."""
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
        """Return an empty key; None for an encoder with adapters."""
        return None if getattr(self._network, "peft_config", None) else ()

    def evened(
        self,
        texts: Mapping[str, Encoded],
        encode: Callable[[str], Encoded],  # noqa: ARG002 - nothing is added
    ) -> Mapping[str, Encoded]:
        """Return the texts unchanged: the transformer takes each at its own length."""
        return texts

    def as_nothing(self, empty: Encoded) -> Encoded:
        """Return the encoded empty message."""
        return empty

    def _plain(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return the text without brackets, and notes on settings without effect."""
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
        """Return the text as a chat message with its marks."""
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
    """Return the tokens of the prompt's longest text, and how many a message can hold.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.

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
