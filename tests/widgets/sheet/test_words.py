"""The words that a sheet's prompts offer."""

import pytest
from traitlets import TraitError

from widgets.sheet import Sheet


@pytest.mark.parametrize(
    "word", [{"label": "x"}, {"label": "x", "insert": "x", "kind": "verb"}, {}]
)
def test_a_word_that_could_not_be_offered_is_named(word):
    sheet = Sheet()
    with pytest.raises(TraitError, match="give each a label, what to insert, and a kind of lora"):
        sheet.words = [word]
    assert sheet.words == []
