"""The prompt editor's traits, as the panel and the browser set them."""

import pytest
from traitlets import TraitError

from widgets.prompt_editor import PromptEditor


def test_what_the_browser_types_is_the_value():
    editor, heard = PromptEditor(value="a"), []
    editor.observe(lambda change: heard.append(change.new), "value")
    editor.set_state({"value": "a fox"})
    assert (editor.value, heard) == ("a fox", ["a fox"])


@pytest.mark.parametrize(
    "word", [{"label": "x"}, {"label": "x", "insert": "x", "kind": "verb"}, {}]
)
def test_a_word_that_could_not_be_offered_is_named(word):
    editor = PromptEditor()
    with pytest.raises(TraitError, match="give each a label, what to insert, and a kind of lora"):
        editor.words = [word]
    assert editor.words == []
