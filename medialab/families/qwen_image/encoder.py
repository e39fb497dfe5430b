"""The prompt encoder of Qwen-Image: a vision-language model's last layer, for one chat message.

Source: diffusers, QwenImagePipeline's `_get_qwen_prompt_embeds` and `encode_prompt`; a plain prompt
gives the same bit for bit. With pictures it is that of the pipelines for editing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.families.flow.chat import MessageReader, plain_words, tokens_in
from medialab.families.qwen_image.editing import SYSTEM_TOKENS, asked, processor_among
from medialab.families.qwen_image.tokenizer import counter
from medialab.families.texts import Encoded, Readable, Reading

if TYPE_CHECKING:
    import torch

EMBEDS = "prompt_embeds"
# Tokens after the system's message that the pipeline reads, the marks at the end included.
MOST_TOKENS = 512
# The tokenizer drops any tokens further than that, the system's message not counted.
_LONGEST = 1024
# The language model's inputs.
_TEXT, _PICTURES = ("input_ids", "attention_mask"), ("pixel_values", "image_grid_thw")
_SYSTEM = (
    "Describe the image by detailing the color, shape, size, texture, quantity, text, "
    "spatial relationships of the objects and background:"
)
_SYSTEM_TOKENS = 34  # of the system's message with its marks, which are left out afterwards
MESSAGE = (
    f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)


class MessageEncoder(MessageReader):
    """A checkpoint's vision-language model as its prompt encoder.

    Args:
        model: The checkpoint on loan.
        reading: As of `MessageReader`.
    """

    def __init__(self, model: Readable, reading: Reading) -> None:
        super().__init__(model, reading, model.components["tokenizer"])
        self._components = model.components
        self._config = model.pipeline_config

    def encode(self, text: str) -> Encoded:
        """Encode one text to embeddings (1, tokens, width), those of marks and pictures included.

        Raises:
            ConfigError: there are more pictures than the checkpoint reads.
        """
        plain, notes = plain_words(text, self.reading)
        tokens = self.length(plain) - self.length("")
        if self.reading.pictures:
            return Encoded({EMBEDS: self._with_pictures(plain)}, tokens, notes=notes)
        read = self.tokenizer(
            [self.message(plain)],
            max_length=_LONGEST + _SYSTEM_TOKENS,
            padding=True,
            truncation=True,
            return_tensors="pt",
        ).to(self.device)
        embeddings = self._states(read, _TEXT)[:, _SYSTEM_TOKENS:][:, :MOST_TOKENS]
        if tokens > MOST_TOKENS:
            notes = (*notes, f"of {tokens} tokens {MOST_TOKENS} are read")
        return Encoded({EMBEDS: embeddings}, tokens, notes=notes)

    def _with_pictures(self, text: str) -> "torch.Tensor":
        """Return the embeddings of an instruction together with the pictures that it is about."""
        processor = processor_among(self._components)
        told = asked(text, self.reading.pictures, self._config)
        read = processor(**told, padding=True, return_tensors="pt").to(self.device)
        return self._states(read, (*_TEXT, *_PICTURES))[:, SYSTEM_TOKENS:]

    def _states(self, read: Mapping[str, Any], names: tuple[str, ...]) -> "torch.Tensor":
        """Return the language model's last states (1, tokens, width) for these of the inputs."""
        import torch

        inputs = {name: read[name] for name in names}
        with torch.inference_mode():
            states = self.network(**inputs, output_hidden_states=True).hidden_states[-1]
        found: torch.Tensor = states.to(self.network.dtype)
        return found

    def message(self, text: str) -> str:
        """Return a text as a chat message with its marks, after the system's."""
        return MESSAGE.format(text)


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many are read.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    return tokens_in(MESSAGE, prompt, counter(folder)), MOST_TOKENS
