"""The prompt encoder of Z-Image: a language model's layer before the last, for one chat message.

Source: diffusers, ZImagePipeline's `_encode_prompt`; a plain prompt gives the same bit for bit.
"""

from pathlib import Path
from typing import Any

from medialab.families.flow.chat import ChatEncoder, count_in_message

EMBEDS = "prompt_embeds"
# A message with its marks, in the tokenizer's chat template.
_MESSAGE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


class ZImageEncoder(ChatEncoder):
    """A checkpoint's language model as its prompt encoder; brackets have no effect."""

    def message(self, text: str) -> str:
        """Return the text as a chat message that the model may think about."""
        message: str = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=True,
        )
        return message

    def values(self, tokens: Any, mask: Any) -> dict[str, Any]:
        """Return the embeddings (tokens, width) of the message alone, the marks' included."""
        import torch

        seen = mask.bool()
        with torch.inference_mode():
            states = self.network(
                input_ids=tokens, attention_mask=seen, output_hidden_states=True
            ).hidden_states[-2]
        return {EMBEDS: states[0][seen[0]]}


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many a message can hold.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    return count_in_message(prompt, folder, _MESSAGE)
