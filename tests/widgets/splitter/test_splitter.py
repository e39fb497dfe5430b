"""The splitter's traits."""

import pytest
from traitlets import TraitError

from widgets.splitter import Splitter


def test_the_width_that_was_dragged_to_is_kept():
    splitter = Splitter()
    assert splitter.width == 0
    splitter.set_state({"width": 320})
    assert splitter.width == 320
    assert splitter.get_state()["width"] == 320


def test_a_side_that_is_none_is_refused():
    with pytest.raises(TraitError, match="before"):
        Splitter(side="left")
