"""The events that a running job sends to its listeners."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from PIL import Image

Begun = Literal["queued", "started", "planned", "stage", "step", "beside", "stage done"]
Kind = Begun | Literal["done", "failed", "cancelled", "queue"]
# The kinds of a job's last event, which are the states that it ends in, too.
ENDS: Final = frozenset({"done", "failed", "cancelled"})


def no_preview() -> None:
    """Draw nothing."""


@dataclass(frozen=True)
class Event:
    """One event of one job.

    Attributes:
        kind: What happened; "planned" precedes a picture that is not cached; "beside" is a step of
            a picture that another job asks for, is drawn at once with this job's, and has a
            preview; "queue" tells of no job, but that those that wait were moved, paused or
            dismissed.
        job: The job's name; "" with "queue".
        stage: The stage's name, with "stage", "step", "beside" and "stage done".
        step: From 1 to `steps`, within the stage.
        steps: Steps of the stage.
        image: From 1 to `images`, within the job.
        images: Pictures of the job.
        together: Pictures of the job that are drawn at once, this one among them; with "beside" all
            that are, as the picture's settings have it.
        place: This one's place among them, from 1.
        seconds: Duration of a finished stage.
        told: With "planned": the memory that the picture needs, in words.
        draws: Draws the preview.
        result: The return value of a finished job.
        error: The exception, with "failed" and "cancelled".
    """

    kind: Kind
    job: str
    stage: str = ""
    step: int = 0
    steps: int = 0
    image: int = 0
    images: int = 0
    together: int = 1
    place: int = 1
    seconds: float = 0.0
    told: str = ""
    draws: Callable[[], Image.Image | None] = no_preview
    result: Any = None
    error: BaseException | None = None

    @cached_property
    def preview(self) -> Image.Image | None:
        """A small picture of the unfinished latents, with some steps only.

        It is drawn when a listener first asks for it: a run that nobody watches draws none.
        """
        return self.draws()
