"""Pictures as far as they are made, and those that were drawn with an earlier one."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from medialab.config.pipeline import MOST_TOGETHER
from medialab.config.resolved import Together
from medialab.runs.plan import PicturePlan, PlannedStage
from medialab.stage import Frame, JointStage

if TYPE_CHECKING:
    from medialab.runs.context import RunContext


@dataclass
class Begun:
    """A picture as far as it is made.

    Attributes:
        picture: the plan.
        context: of its run.
        frame: after the last stage that is done.
        done: the number of stages that are done.
        measured: what those took, by their names.
        started: when its run began.
        may_keep: whether its frame may be cached.
    """

    picture: PicturePlan
    context: "RunContext"
    frame: Frame
    done: int
    measured: dict[str, dict[str, Any]]
    started: datetime
    may_keep: bool = True

    @property
    def left(self) -> tuple[PlannedStage, ...]:
        """The stages that are not done."""
        return self.picture.stages[self.done :]

    @property
    def next(self) -> PlannedStage:
        """The first of those."""
        return self.left[0]

    @property
    def together(self) -> Together | None:
        """How the next stage draws it with others; None if it does not."""
        is_joint = isinstance(self.next.stage, JointStage)
        return self.picture.config.together if is_joint else None


class Ahead:
    """Pictures that were drawn with an earlier one, and wait to go on from there.

    Those of other requests are read from the stage cache in their turn. Where memory ran out, and
    what was drawn may not be cached, the newest of them wait here: each would have all drawn again.
    """

    def __init__(self) -> None:
        self._own: dict[str, Begun] = {}
        self._others: dict[str, Begun] = {}

    def begin(self, *, goes_on: bool) -> None:
        """Begin a request, and forget all pictures that are not drawn for it.

        Args:
            goes_on: whether it may be one of those whose pictures were drawn with the last one's.
        """
        self._own.clear()
        if not goes_on:
            self._others.clear()

    def put(self, begun: Begun) -> None:
        """Let a picture wait."""
        name = _identity(begun.picture)
        if begun.context.is_told:
            self._own[name] = begun
        elif not begun.may_keep:
            self._others[name] = begun
            while len(self._others) > MOST_TOGETHER:
                del self._others[next(iter(self._others))]

    def take(self, picture: PicturePlan, context: "RunContext") -> Begun | None:
        """Return a picture that waits, to go on with this context; None if it does not."""
        name = _identity(picture)
        found = self._own.pop(name, None) or self._others.pop(name, None)
        if found is not None:
            found.picture, found.context = picture, context
        return found


def _identity(picture: PicturePlan) -> str:
    """Return what tells a picture of a run from the others."""
    return picture.stages[-1].key.digest
