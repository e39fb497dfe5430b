"""Stage 2: the control pictures of the ControlNets, prepared from pictures."""

from dataclasses import replace

from pydantic import Field

from medialab.diffusion.control import shown_of, words_of
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import SizeConfig
from medialab.stage import Frame, PipelineStage, Request, StageContext


class ControlConfig(SizeConfig):
    """Stage 2: ControlNets, which guide the picture besides the prompt."""

    control: tuple[ControlUnit, ...] = Field(
        (), description="ControlNets for every stage without its own."
    )


class ControlStage(PipelineStage[ControlConfig]):
    """Prepare the control pictures of the base, one for each unit that is switched on.

    Reads `image` where a unit has no picture of its own; writes `units` and `controls`, each
    of the run's size.
    The refiner and the detailers prepare theirs themselves, from the picture that they draw.
    """

    name = "control"
    title = "ControlNet"
    settings = ControlConfig

    def runs(self, request: Request) -> bool:
        """Return whether stage 3 has any; other stages prepare their own."""
        return request.starts_from_noise and any(unit.counts for unit in request.control)

    def run(self, frame: Frame, settings: ControlConfig, context: StageContext) -> Frame:
        """Read `image`; write `units` and `controls`."""
        if settings.width is None or settings.height is None:
            return frame
        size = settings.width, settings.height
        units = tuple(unit for unit in settings.control if unit.counts)
        shown = tuple(shown_of(unit, frame.image, size, context, frame.journey) for unit in units)
        words = [list(words_of(unit, context)) for unit in units]
        return replace(frame, units=units, controls=shown).with_applied(
            self.name,
            preprocessors=[unit.preprocessor for unit in units],
            **({"pictures": words} if any(words) else {}),
        )
