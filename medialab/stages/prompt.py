"""Stage 1: the prompts become embeddings."""

from dataclasses import replace

from medialab.config import PromptConfig
from medialab.encoding import encode
from medialab.stages.base import Frame, PipelineStage, StageContext


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
        encoded = encode(context.checkpoint(), settings.prompt, settings.negative_prompt)
        return replace(frame, embeddings=encoded.embeddings).with_applied(
            self.name,
            tokens_dropped=encoded.dropped,
            negative_tokens_dropped=encoded.negative_dropped,
        )
