"""Prompt encoders that are language models: a prompt becomes the message of a chat."""

from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from medialab.families.texts import Encoded, Readable, Reading, TextByText
from medialab.prompts import parse, weigh, without_tags

MOST_TOKENS = 512  # of a message with its marks; diffusers' pipelines drop any further tokens


class MessageReader(TextByText):
    """A checkpoint's language model as its prompt encoder.

    Brackets have no effect, since the model reads words without weights. They are left out, unless
    the emphasis is "none", and a note says so.

    Args:
        model: The checkpoint on loan.
        reading: The effect of brackets; `clip_skip` is ignored with a note.
        tokenizer: The language model's tokenizer.
    """

    def __init__(self, model: Readable, reading: Reading, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.network = model.components["text_encoder"]
        self.device = model.device
        self.reading = reading

    @property
    def networks(self) -> tuple[Any]:
        """The language model alone."""
        return (self.network,)

    @abstractmethod
    def message(self, text: str) -> str:
        """Return a text as a chat message with its marks."""

    def length(self, text: str) -> int:
        """Return the number of tokens of a text's message, its marks included."""
        return len(self.tokenizer(self.message(text)).input_ids)


class ChatEncoder(MessageReader):
    """One that reads a message alone, of a length that the transformer takes.

    Args:
        model: The checkpoint on loan.
        reading: As above.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        super().__init__(model, reading, model.components["tokenizer"])

    def encode(self, text: str) -> Encoded:
        """Encode one text."""
        plain, notes = plain_words(text, self.reading)
        read = self.tokenizer(
            [self.message(plain)],
            padding="max_length",
            max_length=MOST_TOKENS,
            truncation=True,
            return_tensors="pt",
        )
        values = self.values(read.input_ids.to(self.device), read.attention_mask.to(self.device))
        marks = self.length("")
        tokens = self.length(plain) - marks
        if tokens + marks > MOST_TOKENS:
            notes = (*notes, f"of {tokens} tokens {MOST_TOKENS - marks} are read")
        return Encoded(values, tokens, notes=notes)

    @abstractmethod
    def values(self, tokens: Any, mask: Any) -> dict[str, Any]:
        """Return the embeddings by the names of the pipeline's inputs.

        Args:
            tokens: (1, 512), the message's tokens and padding.
            mask: (1, 512), 1 for the message's tokens.
        """


def count_in_message(prompt: str, folder: Path, message: str) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many a message can hold.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.
        message: A message with its marks, with {} in place of its text.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    length = counter(folder)
    return tokens_in(message, prompt, length), MOST_TOKENS - length(message.format(""))


def tokens_in(message: str, prompt: str, length: Callable[[str], int]) -> int:
    """Return the tokens of the prompt's longest text, without those of the message around it.

    Args:
        message: A message with its marks, with {} in place of its text.
        prompt: The prompt as it is typed.
        length: Counts a text's tokens, special ones included.
    """
    texts = parse(without_tags(prompt), 1).texts
    longest = max(length(message.format(words_of(text))) for text in texts)
    return longest - length(message.format(""))


def counter(folder: Path) -> Callable[[str], int]:
    """Return a function that counts a text's tokens, special ones included.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    tokenizer = _tokenizer(folder)
    return lambda text: len(tokenizer.encode(text).ids)


def plain_words(text: str, reading: Reading) -> tuple[str, tuple[str, ...]]:
    """Return a text without brackets, and notes on settings without effect."""
    notes = []
    if reading.clip_skip != 1:
        notes.append("clip_skip has no effect: no layer of this text encoder is left out")
    if reading.emphasis == "none":
        return text, tuple(notes)
    weights = {fragment.weight for fragment in chain(*weigh(text))}
    if reading.emphasis != "ignore" and weights - {1.0}:
        notes.append("brackets have no effect: this text encoder reads words without weights")
    return words_of(text), tuple(notes)


def words_of(text: str) -> str:
    """Return a text without brackets; sections, which BREAK divides, are joined by a space."""
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
