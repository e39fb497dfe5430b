"""Preparation of a denoising: all that its tries share, loaded and computed once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialab.diffusion.control import Control
from medialab.diffusion.inputs import (
    control_inputs,
    followed_controls,
    inputs_of,
    masked_input,
)
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.prepared import PreparedDenoising
from medialab.pixels.geometry import MOST_DRAWN, drawn_size, too_large_to_draw
from medialab.pixels.resizing import padded
from medialab.settings.sampling import Sampling
from medialab.settings.schedulers import with_prediction

if TYPE_CHECKING:
    from medialab.diffusion.drawing import Drawing
    from medialab.families.base import Task


def prepared(
    drawing: "Drawing",
    task: "Task",
    sampling: Sampling,
    controls: Sequence[Control],
    options: DenoisingOptions,
    size: tuple[int, int],
    asked: Mapping[str, Any],
) -> PreparedDenoising:
    """Prepare a denoising.

    Args: as `denoise`; `asked` are its further inputs.

    Raises:
        ConfigError: the picture is too large to be drawn at once.
        ModelRefusedError: the family does not support the task.
    """
    drawn = drawn_size(*size, drawing.block)
    if max(drawn) > MOST_DRAWN and options.tiles is None:
        raise too_large_to_draw(size)
    pictures = [padded(one, *drawn) for one in asked.get("pictures", ())[:1]]
    pictures += asked.get("pictures", ())[1:]
    controls = [one._replace(shown=padded(one.shown, *drawn)) for one in controls]
    # One pipeline for all tries: loading a second checkpoint may release the first.
    followed = followed_controls(drawing, controls)
    pipeline = drawing.pipeline(task, [] if followed else [one.network for one in controls])
    strength = asked.get("strength")
    steps = drawing.family.schedulers.planned(
        sampling.sampler, sampling.schedule, sampling.steps, strength, exact=options.exact_steps
    )
    return PreparedDenoising(
        drawing,
        task,
        sampling,
        controls,
        options,
        size,
        drawn,
        inputs_of(drawing, pipeline, {**asked, "pictures": pictures}, drawn, steps)
        | control_inputs(drawing, task, controls),
        pipeline,
        getattr(pipeline, drawing.family.denoiser.part),
        with_prediction(pipeline.scheduler.config, sampling.prediction_type),
        steps,
        masked_input(drawing, options, drawn),
        followed,
        forgets=strength is not None and strength >= 1,
        pictures=pictures,
    )
