"""Stage 1: the prompts become embeddings."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medialab.config import PromptConfig
from medialab.stages.base import Frame, PipelineStage, StageContext

if TYPE_CHECKING:
    from medialab.loading import LoadedModel

# What `encode_prompt` returns, in its order, under the names the pipelines take; the pooled pair
# is there for families with two text encoders. Source: diffusers, pipeline_stable_diffusion(_xl).
_EMBEDDINGS = (
    "prompt_embeds",
    "negative_prompt_embeds",
    "pooled_prompt_embeds",
    "negative_pooled_prompt_embeds",
)


class PromptStage(PipelineStage[PromptConfig]):
    """Encode the prompt and the negative prompt with the checkpoint's own text encoders.

    Writes `embeddings`. What lies beyond the encoder's last token is dropped, and the record says
    how many tokens that were.
    """

    name = "prompt"
    title = "Prompt"
    settings = PromptConfig

    def run(self, frame: Frame, settings: PromptConfig, context: StageContext) -> Frame:
        """Read nothing; write `embeddings`."""
        import torch

        model = context.checkpoint()
        prompt, dropped = _fit(model, settings.prompt)
        negative_prompt, negative_dropped = _fit(model, settings.negative_prompt)
        with torch.inference_mode():
            encoded = model.pipeline("text-to-image").encode_prompt(
                prompt=prompt,
                negative_prompt=negative_prompt,
                device=model.device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
            )
        embeddings = dict(zip(_EMBEDDINGS, encoded, strict=False))
        return replace(frame, embeddings=embeddings).with_applied(
            self.name, tokens_dropped=dropped, negative_tokens_dropped=negative_dropped
        )


def _fit(model: "LoadedModel", text: str) -> tuple[str, int]:
    """The part of `text` that the shortest tokenizer holds, and how many tokens were cut off.

    Cutting here keeps diffusers from cutting with only a log line.
    """
    tokenizers: list[Any] = [
        part for name, part in model.components.items() if name.startswith("tokenizer") and part
    ]
    fitted, dropped = text, 0
    for tokenizer in tokenizers:
        room = tokenizer.model_max_length - 2  # start and end tokens
        ids = tokenizer(fitted, add_special_tokens=False, truncation=False, verbose=False).input_ids
        if len(ids) > room:
            dropped += len(ids) - room
            fitted = tokenizer.decode(ids[:room])
    return fitted, dropped
