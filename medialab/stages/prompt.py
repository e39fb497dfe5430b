"""Stage 1: prompts are encoded as embeddings."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from medialab.diffusion.encoding import encode
from medialab.settings.choices import EMPHASES, MOST_ASKED_STEPS, ClipSkip, Emphasis, PromptText
from medialab.settings.fields import NameOf, StageConfig
from medialab.settings.loras import LoRAConfig, asked_loras, unused_loras
from medialab.stage import EncodedPrompts, Frame, PipelineStage, Request, StageContext

StyleName = Annotated[str, NameOf("style")]


class PromptConfig(StageConfig):
    """Stage 1: what the picture shows."""

    prompt: PromptText = Field("", description="What the picture should show.")
    negative_prompt: PromptText = Field("", description="What it should not show.")
    styles: tuple[StyleName, ...] = Field(
        (), description="Names from models/styles.csv to add to both prompts."
    )
    emphasis: Emphasis = Field(
        EMPHASES[0],
        description="Brackets: weights (original, no norm), removed (ignore), or text (none).",
    )
    clip_skip: ClipSkip = Field(
        1,
        description="Text encoder layer: 1 the last, 2 the one before; some families fix it.",
    )
    loras: tuple[LoRAConfig, ...] = Field((), description="LoRAs for every stage without its own.")


class PromptStage(PipelineStage[PromptConfig]):
    """Encode the prompt and the negative prompt with the checkpoint's own text encoders.

    Writes `prompts`, and `embeddings` if they stay the same for all steps. Styles were merged and
    wildcards drawn when the request was resolved.
    """

    name = "prompt"
    title = "Prompt"
    version = 5
    settings = PromptConfig

    def runs(self, request: Request) -> bool:
        """Return whether any stage draws."""
        return request.starts_from_noise or bool(request.drawing_parts())

    def run(self, frame: Frame, settings: PromptConfig, context: StageContext) -> Frame:
        """Read nothing; write `prompts` and `embeddings`."""
        loras = asked_loras(settings.prompt, settings.loras)
        with (
            context.opened() as drawing,
            drawing.with_loras(loras, parts=drawing.family.denoiser.text_encoders),
        ):
            conditioning = encode(
                drawing,
                settings.prompt,
                settings.negative_prompt,
                # A prompt that stays the same over the most steps does so over fewer.
                steps=MOST_ASKED_STEPS,
                emphasis=settings.emphasis,
                clip_skip=settings.clip_skip,
                on_text=context.step,
            )
        unused = unused_loras(settings.negative_prompt)
        prompts = EncodedPrompts(
            settings.prompt,
            settings.negative_prompt,
            settings.emphasis,
            settings.clip_skip,
            settings.loras,
        )
        stays = not conditioning.changes and not conditioning.composes
        return replace(
            frame, prompts=prompts, embeddings=conditioning.embeddings() if stays else {}
        ).with_applied(
            self.name,
            prompt=settings.prompt,
            negative_prompt=settings.negative_prompt,
            tokens=conditioning.tokens,
            negative_tokens=conditioning.negative_tokens,
            chunks=conditioning.chunks,
            embeddings=list(conditioning.inversions),
            **({"unused_loras": list(unused)} if unused else {}),
            **({"notes": list(conditioning.notes)} if conditioning.notes else {}),
        )
