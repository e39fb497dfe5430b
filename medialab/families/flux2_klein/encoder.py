"""The prompt encoder of Flux.2 Klein: three layers of a language model, for one chat message.

Source: diffusers, Flux2KleinPipeline's `_get_qwen3_prompt_embeds`; a plain prompt gives the same
bit for bit.
"""

from pathlib import Path
from typing import Any

from medialab.families.flow.chat import ChatEncoder, count_in_message

EMBEDS = "prompt_embeds"
# A message with its marks, in Qwen3's chat template without thoughts.
_MESSAGE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


def layers_read(count: int) -> tuple[int, int, int]:
    """Return which hidden states are read, of a language model of that many layers.

    They lie after a quarter, a half and three quarters of the layers: after 9, 18 and 27 of 36.
    """
    return count // 4, count // 2, count * 3 // 4


class KleinEncoder(ChatEncoder):
    """A checkpoint's language model as its prompt encoder; brackets have no effect."""

    def message(self, text: str) -> str:
        """Return the text as a chat message that the model answers without thoughts."""
        message: str = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        return message

    def values(self, tokens: Any, mask: Any) -> dict[str, Any]:
        """Return the embeddings (1, 512, three times the model's width), the padding's included."""
        import torch

        with torch.inference_mode():
            states = self.network(
                input_ids=tokens, attention_mask=mask, output_hidden_states=True, use_cache=False
            ).hidden_states
        layers = layers_read(int(self.network.config.num_hidden_layers))
        return {EMBEDS: torch.cat([states[one] for one in layers], dim=-1)}


def count_tokens(prompt: str, folder: Path) -> tuple[int, int]:
    """Return the tokens of the prompt's longest text, and how many a message can hold.

    Args:
        prompt: The prompt as it is typed.
        folder: The folder of the language model's tokenizer.

    Raises:
        OSError: there is no tokenizer in the folder.
    """
    return count_in_message(prompt, folder, _MESSAGE)
