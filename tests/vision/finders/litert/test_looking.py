"""A finder is asked by any of its labels, and its detector is given the levels it was made for."""

import numpy as np
import pytest

from medialab.vision.finders.litert.boxes import Grid
from medialab.vision.finders.litert.looking import asked, looked
from medialab.vision.finders.litert.views import View


@pytest.mark.parametrize(
    ("words", "label"),
    [(("FACE",), "face"), (("hand", "Human Face"), "human face"), (("faces",), None), ((), None)],
)
def test_it_is_asked_by_its_labels_whatever_their_capitals(words, label):
    assert asked(words, ("face", "human face")) == label


class Detector:
    """Gives one box, and keeps what it was shown."""

    def run(self, pixels):
        self.shown = pixels
        return [np.array([[0, 0, 5, 5]] * 4, np.float32), np.array([[-9], [9], [-9], [-9]])]


@pytest.mark.parametrize(("low", "levels"), [(-1, (-1, 1)), (0, (0, 1))])
def test_black_and_white_are_the_levels_that_it_was_made_for(low, levels):
    detector = Detector()
    pixels = np.zeros((10, 10, 3), np.uint8)
    pixels[:, 5:] = 255
    (one,) = looked(detector, Grid(10, ((5, 1),)), pixels, View(5, 5, 10), 0.5, low)
    assert (detector.shown.min(), detector.shown.max()) == pytest.approx(levels)
    np.testing.assert_allclose(one.edges, (5, 0, 10, 5))
