"""Draw Things: JSON in EXIF's UserComment."""

from medialab.infotext.foreign_json import JSON
from medialab.infotext.items import RawInfotext
from medialab.infotext.programs.program import TableProgram


def _finish(raw: RawInfotext, _whole: JSON) -> None:
    if raw.items.get("Denoising strength") == "1":  # from noise
        del raw.items["Denoising strength"]


DRAW_THINGS = TableProgram(
    "Draw Things",
    (("c",), ("uc",), ("sampler",), ("size", "v2")),
    {
        "steps": "Steps",
        "seed": "Seed",
        "scale": "CFG scale",
        "sampler": "Sampler",
        "size": "Size",
        "model": "Model",
        "strength": "Denoising strength",
    },
    idle=("v2", "profile"),
    finish=_finish,
    prompt=("c",),
    negative_prompt=("uc",),
)
