"""The number of tokens beside each prompt's label: "23 / 75 tokens"."""

from contextlib import suppress

from medialab import Workbench
from medialab.errors import MediaLabError
from medialab.prompts import MOST_CHARACTERS
from widgets.form import Form

_PROMPTS = ("prompt", "negative_prompt")


class TokenCounts:
    """Updates the counts when a prompt or the checkpoint changes; an invalid prompt has none."""

    def __init__(self, form: Form, bench: Workbench) -> None:
        self._form, self._bench = form, bench
        for name in (*_PROMPTS, "checkpoint"):
            form[name].observe(lambda _: self.count(), "value")
        self.count()

    def count(self) -> None:
        """Count the tokens of both prompts."""
        for name in _PROMPTS:
            self._form[name].tokens = self._text(str(self._form[name].value))

    def _text(self, prompt: str) -> str:
        if len(prompt) > MOST_CHARACTERS:
            return f"{len(prompt):,} of at most {MOST_CHARACTERS:,} characters"
        checkpoint = self._form["checkpoint"].value
        # A missing model or a wrong bracket is reported when a picture is requested.
        with suppress(MediaLabError, OSError):
            if checkpoint:
                count, room = self._bench.count_tokens(prompt, checkpoint)
                return f"{count} / {room} tokens"
        return ""
