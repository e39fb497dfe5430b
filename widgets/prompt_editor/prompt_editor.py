"""The prompt editor: a token count, completion of words, and weights set by keyboard."""

from pathlib import Path

import anywidget
import traitlets

# What the words that are offered can be: each kind has its own mark in the list.
WORD_KINDS = ("lora", "wildcard", "embedding", "style", "word")


class PromptEditor(anywidget.AnyWidget):
    """A text area whose `value` is a prompt.

    `words` are the completions: each a dict of `label` (shown in the list), `insert` (put into the
    prompt) and `kind`, one of `WORD_KINDS`. After `<` it offers LoRAs, after `__` wildcards, and
    after two letters of a word inversions, styles and words. Ctrl+Up and Ctrl+Down change the
    weight of the selection, or of the word at the cursor.

    `tokens` is a short text to the right of the label, such as "23 / 75"; the editor's owner sets
    it. `value` is updated 0.3 s after the last key, and at once when the text loses the focus.

    Source: behaviour of AUTOMATIC1111 javascript/edit-attention.js for the weights.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    value = traitlets.Unicode("").tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("").tag(sync=True)
    rows = traitlets.Int(3, min=1).tag(sync=True)
    tokens = traitlets.Unicode("").tag(sync=True)
    words = traitlets.List(traitlets.Dict()).tag(sync=True)

    @traitlets.validate("words")
    def _words_are_whole(self, proposal: traitlets.Bunch) -> list[dict[str, str]]:
        for word in proposal["value"]:
            if word.keys() != {"label", "insert", "kind"} or word["kind"] not in WORD_KINDS:
                message = (
                    f"words hold {word!r}: give each a label, what to insert, and a kind of "
                    f"{', '.join(WORD_KINDS)}"
                )
                raise traitlets.TraitError(message)
        return list(proposal["value"])
