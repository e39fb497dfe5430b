"""Parts of a picture's settings that are taken over alone: its prompt, seed, size or stages."""

from medialab import PipelineConfig
from medialab.settings.fields import SwitchedConfig
from medialab.stages.finish import FinishConfig
from medialab.stages.prompt import PromptConfig

PARTS = ("prompt", "seed", "size", "stages")


def with_part(now: PipelineConfig, theirs: PipelineConfig, part: str) -> PipelineConfig:
    """Return a request with one part of another's settings.

    Boxes and masks of stages stay behind: they belong to the other picture.

    Args:
        now: the request.
        theirs: the settings to take from.
        part: one of `PARTS`; "stages" are those after the third.

    Raises:
        ConfigError: the two do not go together.
        KeyError: no such part.
    """
    stages = [name for name, value in theirs if isinstance(value, SwitchedConfig)]
    names = {
        "prompt": [*PromptConfig.model_fields],
        "seed": ["seed"],
        "size": ["width", "height"],
        "stages": [*stages, *(name for name in FinishConfig.model_fields if name != "fit")],
    }[part]
    taken = {name: getattr(theirs, name) for name in names}
    for name in set(names) & set(stages):
        bound = type(taken[name]).model_fields.keys() & {"detections", "mask"}
        taken[name] = taken[name].model_copy(update=dict.fromkeys(bound)).model_dump()
    return now.changed(**taken)
