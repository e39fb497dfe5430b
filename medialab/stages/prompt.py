"""Stage 1: the prompts become embeddings."""

from dataclasses import replace

from medialab.diffusion.encoding import encode
from medialab.lora import TEXT_PARTS, using
from medialab.settings.config import PromptConfig
from medialab.settings.stages import asked_loras, unused_loras
from medialab.stage import Frame, PipelineStage, StageContext

# What does not change within so many, the most that a config takes, does not within fewer.
MOST_STEPS = 150


class PromptStage(PipelineStage[PromptConfig]):
    """Encode the prompt and the negative prompt with the checkpoint's own text encoders.

    Writes `prompts`, and `embeddings` where they stay the same for all steps. Styles are merged
    and wildcards drawn before, when a request is resolved.
    """

    name = "prompt"
    title = "Prompt"
    version = 5
    settings = PromptConfig

    def run(self, frame: Frame, settings: PromptConfig, context: StageContext) -> Frame:
        """Read nothing; write `prompts` and `embeddings`."""
        model = context.checkpoint()
        with using(model, asked_loras(settings.prompt, settings.loras), parts=TEXT_PARTS):
            conditioning = encode(
                model,
                settings.prompt,
                settings.negative_prompt,
                steps=MOST_STEPS,
                emphasis=settings.emphasis,
                clip_skip=settings.clip_skip,
                on_text=context.step,
            )
        unused = unused_loras(settings.negative_prompt)
        stays = not conditioning.changes and not conditioning.composes
        return replace(
            frame, prompts=settings, embeddings=conditioning.embeddings() if stays else {}
        ).with_applied(
            self.name,
            prompt=settings.prompt,
            negative_prompt=settings.negative_prompt,
            tokens=conditioning.tokens,
            negative_tokens=conditioning.negative_tokens,
            chunks=conditioning.chunks,
            embeddings=list(conditioning.inversions),
            **({"unused_loras": list(unused)} if unused else {}),
        )
