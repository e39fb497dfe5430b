"""What this studio can do here, as one dict for programs: stages, their settings, every choice."""

from typing import TYPE_CHECKING, Any

from medialab.config import PipelineConfig
from medialab.detailing import AUTOMATIC, CENTRE
from medialab.preprocessors import DEPTH, PREPROCESSORS
from medialab.samplers import PREDICTION_TYPES, SAMPLERS, SCHEDULES
from medialab.settings import EMPHASES, LATENT_UPSCALERS, MODES, PIXEL_UPSCALERS, RESIZE_MODES
from medialab.stages import STAGES
from medialab.versions import all_versions, program_version

if TYPE_CHECKING:
    from medialab.workbench import Workbench


def capabilities(bench: "Workbench") -> dict[str, Any]:
    """Versions, device, stages in their order, and the names that settings may have.

    Each stage's `settings` are a JSON schema with limits, defaults and descriptions; `field` is
    where they stand in a config: under that name, or, where it is None, at the top.
    """
    detectors, upscalers = (
        [one.name for one in bench.models(kind) if one.refused is None]
        for kind in ("detector", "upscaler")
    )
    return {
        "version": program_version(),
        "versions": dict(all_versions()),
        "device": bench.device,
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "field": stage.name if stage.name in PipelineConfig.model_fields else None,
                "settings": stage.settings.model_json_schema(),
            }
            for stage in STAGES
        ],
        "modes": list(MODES),
        # A sampler with the schedules that it can honour.
        "samplers": {name: ["automatic", *one.schedules] for name, one in SAMPLERS.items()},
        "schedules": dict(SCHEDULES),
        "prediction_types": list(PREDICTION_TYPES),
        "detectors": [AUTOMATIC, CENTRE, *detectors],
        "upscalers": [*PIXEL_UPSCALERS, *upscalers],
        "refiner_upscalers": [*LATENT_UPSCALERS, *PIXEL_UPSCALERS, *upscalers],
        "preprocessors": [*PREPROCESSORS, DEPTH],
        "resize_modes": list(RESIZE_MODES),
        "emphases": list(EMPHASES),
    }
