"""What a running job tells its listeners."""

from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image

Kind = Literal["queued", "started", "stage", "step", "stage done", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Event:
    """One thing that happened in one job.

    `step` counts from 1 to `steps` within `stage`; `image` counts from 1 to `images` within the
    job; `seconds` is what a done stage took. `preview` is a small picture of the unfinished latents
    and comes with some steps only. `result` is what a done job returned; `error` comes with
    "failed" and "cancelled".
    """

    kind: Kind
    job: str
    stage: str = ""
    step: int = 0
    steps: int = 0
    image: int = 0
    images: int = 0
    seconds: float = 0.0
    preview: Image.Image | None = None
    result: Any = None
    error: BaseException | None = None
