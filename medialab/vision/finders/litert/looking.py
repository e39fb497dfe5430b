"""What the finders share: whether they are asked, and what a detector sees in a view."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialab.vision.finders.litert.boxes import Candidate, Grid, candidates, without_doubles
from medialab.vision.finders.litert.sessions import Session
from medialab.vision.finders.litert.views import View

if TYPE_CHECKING:
    import numpy as np


def asked(words: Sequence[str], labels: Sequence[str]) -> str | None:
    """Return the first of the labels that is among the words, in any capitals; None without."""
    wanted = {word.casefold() for word in words}
    return next((label for label in labels if label in wanted), None)


def looked(
    session: Session, grid: Grid, pixels: "np.ndarray", view: View, least: float, low: int = -1
) -> list[Candidate]:
    """Return what a detector sees in a view, in pixels of the picture, without doubles.

    Args:
        session: the detector.
        grid: where it looks.
        pixels: the picture, (h, w, 3), 8-bit.
        view: what it is shown.
        least: the least score of a box, 0 to 1.
        low: what it is given for black, -1 or 0; for white it is given 1.
    """
    levels = view.sampled(pixels, grid.size) * ((1 - low) / 255) + low
    numbers, scores = session.run(levels)
    found = without_doubles(candidates(numbers, scores[:, 0], grid, least))
    return [one.placed(view) for one in found]
