"""The prompt encoder of Qwen-Image 2.1: a vision-language model's last layer before its norm.

Source: diffusers, QwenImage21Pipeline's `_get_qwen_prompt_embeds`; a plain prompt gives the same
bit for bit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medialab.families.flow.chat import MessageReader, plain_words, tokens_in
from medialab.families.qwen_image.tokenizer import counter
from medialab.families.qwen_image21.editing import places, shown
from medialab.families.texts import Encoded, Readable, Reading

EMBEDS = "prompt_embeds"
PLACES = "picture_places"  # (1, tokens), boolean
# Tokens after the system's message that are read: half of the positions that the transformer has.
MOST_TOKENS = 4096
_SYSTEM = "Comprehend and analyze the provided prompt."
MESSAGE = (
    f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
# The pipeline reads this for an empty prompt.
_NOTHING = " "


class MessageEncoder(MessageReader):
    """A checkpoint's vision-language model as its prompt encoder.

    Args:
        model: The checkpoint on loan.
        reading: As of `MessageReader`.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        self._processor = model.components["processor"]
        super().__init__(model, reading, self._processor.tokenizer)

    def encode(self, text: str) -> Encoded:
        """Encode one text to embeddings (1, tokens, width), those of marks and pictures included.

        With pictures, `PLACES` says which of the tokens are theirs.
        """
        import torch

        plain, notes = plain_words(text, self.reading)
        left_out, pictures = self._system_tokens(), self.reading.pictures
        short = {"max_length": MOST_TOKENS + left_out, "truncation": True}
        read = self._processor(
            text=[self.message(places(pictures) + (plain or _NOTHING))],
            padding=True,
            padding_side="left",
            return_tensors="pt",
            **({"images": [shown(one) for one in pictures]} if pictures else short),
        ).to(self.device)
        with torch.inference_mode(), _without_norm(self.network):
            states = self.network(**read, output_hidden_states=True).hidden_states[-1]
        tokens = self.length(plain) - self.length("")
        if not pictures and tokens > MOST_TOKENS:
            notes = (*notes, f"of {tokens} tokens {MOST_TOKENS} are read")
        values = {EMBEDS: states[:, left_out:]}
        if pictures:
            values[PLACES] = (read.input_ids == self._processor.image_token_id)[:, left_out:]
        return Encoded(values, tokens, notes=notes)

    def message(self, text: str) -> str:
        """Return a text as a chat message with its marks, after the system's."""
        return MESSAGE.format(text)

    def _system_tokens(self) -> int:
        """Return the number of tokens of the system's message, which are left out afterwards."""
        message = [{"role": "system", "content": [{"type": "text", "text": _SYSTEM}]}]
        (tokens,) = self._processor.apply_chat_template(message, tokenize=True, return_dict=False)
        return len(tokens)


@contextmanager
def _without_norm(network: Any) -> Iterator[None]:
    """Leave out the language model's last norm inside the `with` block.

    The transformer was trained with the states before it.
    """
    model = getattr(network.model, "language_model", network.model)
    hook = model.norm.register_forward_hook(lambda _norm, inputs, _states: inputs[0])
    try:
        yield
    finally:
        hook.remove()


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many are read.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    return tokens_in(MESSAGE, prompt, counter(folder)), MOST_TOKENS
