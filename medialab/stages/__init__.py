"""The pipeline's stages, in the order they run. A new stage gets its line here."""

from collections.abc import Mapping
from typing import Any

from medialab.stage import PipelineStage
from medialab.stages.control import ControlStage
from medialab.stages.detailer.stage import DetailerStage
from medialab.stages.finish import FinishStage
from medialab.stages.img2img import Img2ImgStage
from medialab.stages.inpaint import InpaintStage
from medialab.stages.instruct import InstructStage
from medialab.stages.outpaint import OutpaintStage
from medialab.stages.prompt import PromptStage
from medialab.stages.refiner import RefinerStage
from medialab.stages.source import SourceStage
from medialab.stages.txt2img import Txt2ImgStage
from medialab.stages.upscaler import UpscalerStage

STAGES: tuple[PipelineStage[Any], ...] = (
    PromptStage(),
    SourceStage(),
    ControlStage(),
    Txt2ImgStage(),
    Img2ImgStage(),
    InpaintStage(),
    OutpaintStage(),
    InstructStage(),
    RefinerStage(),
    # From large to small: a later one is not painted over by an earlier one.
    DetailerStage("body"),
    DetailerStage("face"),
    DetailerStage("hand"),
    UpscalerStage(),
    FinishStage(),
)
# What people call them, by their names.
TITLES: Mapping[str, str] = {stage.name: stage.title for stage in STAGES}
# The modes of stage 3: one of these stages, or none, for the stages after it alone.
MODES = (*(stage.name for stage in STAGES if stage.is_mode), "enhance")
