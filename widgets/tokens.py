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
        self._counted: tuple[str, ...] = ()
        form.on_change(self.count)
        self.count()

    def count(self) -> None:
        """Count the tokens of both prompts, unless they are counted already."""
        texts = tuple(str(self._form.value(name) or "") for name in (*_PROMPTS, "checkpoint"))
        if texts != self._counted:
            self._counted = texts
            counts = (self._text(prompt, texts[-1]) for prompt in texts[:-1])
            self._form.show_tokens(dict(zip(_PROMPTS, counts, strict=True)))

    def _text(self, prompt: str, checkpoint: str) -> str:
        if len(prompt) > MOST_CHARACTERS:
            return f"{len(prompt):,} of at most {MOST_CHARACTERS:,} characters"
        # A missing model or a wrong bracket is reported when a picture is requested.
        with suppress(MediaLabError, OSError):
            if checkpoint:
                count, room = self._bench.count_tokens(prompt, checkpoint)
                return f"{count} / {room} tokens"
        return ""
