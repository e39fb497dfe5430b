"""The pipeline's stages, in the order they run. A new stage gets its line here."""

from typing import Any

from medialab.stages.base import PipelineStage
from medialab.stages.finish import FinishStage
from medialab.stages.prompt import PromptStage
from medialab.stages.txt2img import Txt2ImgStage

STAGES: tuple[PipelineStage[Any], ...] = (
    PromptStage(),
    Txt2ImgStage(),
    FinishStage(),
)
