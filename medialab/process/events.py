"""What a running job tells its listeners."""

from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image

Begun = Literal["queued", "started", "planned", "stage", "step", "stage done"]
Kind = Begun | Literal["done", "failed", "cancelled"]


@dataclass(frozen=True)
class Event:
    """One thing that happened in one job.

    "planned" comes before a picture that is not kept is begun; its `told` says what that needs.
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
    told: str = ""
    preview: Image.Image | None = None
    result: Any = None
    error: BaseException | None = None
