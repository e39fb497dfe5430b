"""How long the prompts are, beside their labels: "23 / 75 tokens"."""

from contextlib import suppress

from medialab import Workbench
from medialab.errors import MediaLabError
from medialab.prompts import MOST_CHARACTERS
from widgets.form import Form

_PROMPTS = ("prompt", "negative_prompt")


class TokenCounts:
    """Counts whenever a prompt or the checkpoint changes; a prompt that cannot be read has none."""

    def __init__(self, form: Form, bench: Workbench) -> None:
        self._form, self._bench = form, bench
        for name in (*_PROMPTS, "checkpoint"):
            form[name].observe(lambda _: self.count(), "value")
        self.count()

    def count(self) -> None:
        """Count both."""
        for name in _PROMPTS:
            self._form[name].tokens = self._text(str(self._form[name].value))

    def _text(self, prompt: str) -> str:
        if len(prompt) > MOST_CHARACTERS:
            return f"{len(prompt):,} of at most {MOST_CHARACTERS:,} characters"
        checkpoint = self._form["checkpoint"].value
        # Told when a picture is asked for: a model that is gone, a bracket that is wrong.
        with suppress(MediaLabError, OSError):
            if checkpoint:
                count, room = self._bench.count_tokens(prompt, checkpoint)
                return f"{count} / {room} tokens"
        return ""
