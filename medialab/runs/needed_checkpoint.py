"""The checkpoint of a request, which only a request that draws needs."""

from collections.abc import Sequence

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.stages import STAGES
from medialab.stages.detailer.stage import DetailerStage


def checkpoint_of(config: PipelineConfig, listing: Snapshot) -> ModelInfo | None:
    """Return the checkpoint of a request; None if it is not here, and nothing is drawn.

    Args:
        config: The request.
        listing: The models as the request sees them.

    Raises:
        ModelNotFoundError: it is not here, and a stage draws; the message says which, and what is
            made without.
        ModelRefusedError: it cannot be used, and a stage draws.
    """
    try:
        return listing.find(config.checkpoint, "checkpoint")
    except ModelNotFoundError as error:
        if not config.is_drawn:
            return None
        if config.starts_from_noise:
            raise
        raise _needed_by([*config.drawing_parts()], error) from error
    except ModelRefusedError:
        if not config.is_drawn:
            return None
        raise


def _needed_by(names: Sequence[str], error: ModelNotFoundError) -> ModelNotFoundError:
    """Return the error with the stages that draw, and how the rest is made without a checkpoint."""
    ways, settings = [], []
    for stage in STAGES:
        if stage.name not in names:
            continue
        if stage.is_mode:
            ways.append(f"skip {stage.title}")
            settings.append("mode='enhance'")
        elif isinstance(stage, DetailerStage):
            ways.append(f"switch {stage.title} off")
            settings.append(f"{stage.name}.enabled=False")
        else:
            ways.append(f"set the denoising strength of {stage.title} to 0")
            settings.append(f"{stage.name}.denoising_strength=0")
    message = (
        f"{error.message} Enlarging, sharpening and colours need no checkpoint: to have these "
        f"alone, {' and '.join(ways)}"
    )
    needed = ModelNotFoundError(message).in_code(", ".join(settings))
    return needed.about(error.setting, error.choices)
