"""Undo and redo for every setting of the form."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig
from medialab.errors import ConfigError
from widgets.button import make_button
from widgets.guard import Show

MOST = 100  # changes that can be undone
PAUSE = 1.0  # seconds; a slider that is dragged, or a word that is typed, is one change


class Changes:
    """The history of the settings, and the present position in it.

    Consecutive changes of the same settings, less than `PAUSE` apart, count as one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: list[PipelineConfig] = []
        self._now = -1
        self._touched: set[str] = set()
        self._at = 0.0

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return self._now > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone change to redo."""
        return self._now < len(self._states) - 1

    def note(self, state: PipelineConfig) -> None:
        """Add a new state; undone changes before it can no longer be redone."""
        if self._now < 0:
            self._states, self._now = [state], 0
            return
        touched = _differences(self._states[self._now], state)
        if not touched:
            return
        at = self._clock()
        continues = touched == self._touched and at - self._at < PAUSE and not self.can_redo
        del self._states[self._now + 1 :]
        if continues:
            self._states[self._now] = state
        else:
            self._states = [*self._states, state][-MOST - 1 :]
            self._now = len(self._states) - 1
        self._touched, self._at = touched, at

    def part(self) -> None:
        """Have the next change count as one of its own, however soon it follows."""
        self._touched = set()

    def forget(self) -> None:
        """Begin anew with the present state: nothing before it can be undone."""
        self._states, self._now = self._states[self._now :][:1], min(self._now, 0)
        self.part()

    def undo(self) -> PipelineConfig:
        """Return the previous state; raise `IndexError` without one."""
        return self._go(-1)

    def redo(self) -> PipelineConfig:
        """Return the state that was undone last; raise `IndexError` without one."""
        return self._go(1)

    def _go(self, by: int) -> PipelineConfig:
        there = self._now + by
        if not 0 <= there < len(self._states):
            message = "there is no change to undo or redo"
            raise IndexError(message)
        self._now, self._touched = there, set()
        return self._states[there]


class UndoBar(ipw.HBox):
    """Buttons to undo and redo changes of a form.

    Args:
        read: returns the present settings.
        show: sets every input from settings.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        read: Callable[[], PipelineConfig],
        show: Callable[[PipelineConfig], object],
        show_error: Show,
    ) -> None:
        self._read, self._show = read, show
        self._changes = Changes()
        self._showing = False
        self.undo = make_button(
            "undo", self.take_back, show_error, icon="undo", tooltip="Undo the last change (Ctrl+Z)"
        )
        self.redo = make_button(
            "redo",
            self.make_again,
            show_error,
            icon="repeat",
            tooltip="Redo the change (Ctrl+Shift+Z)",
        )
        super().__init__([self.undo, self.redo])
        self.add_class("mls-undo-bar")
        self._offer()

    def note(self) -> None:
        """Add the present settings to the history, unless they are invalid."""
        if not self._showing:
            with suppress(ConfigError):
                self._changes.note(self._read())
            self._offer()

    def part(self) -> None:
        """Have the next change count as one of its own, however soon it follows."""
        self._changes.part()

    def forget(self) -> None:
        """Begin anew with the present settings: nothing before them can be undone."""
        self._changes.forget()
        self._offer()

    def take_back(self) -> None:
        """Undo the last change."""
        if self._changes.can_undo:
            self._set(self._changes.undo())

    def make_again(self) -> None:
        """Redo the change that was undone last."""
        if self._changes.can_redo:
            self._set(self._changes.redo())

    def _set(self, state: PipelineConfig) -> None:
        self._showing = True
        try:
            self._show(state)
        finally:
            self._showing = False
        self._offer()

    def _offer(self) -> None:
        self.undo.disabled = not self._changes.can_undo
        self.redo.disabled = not self._changes.can_redo


def _differences(one: PipelineConfig, other: PipelineConfig) -> set[str]:
    """Return the dotted names of the settings that differ."""
    return set(_named_differences("", one.model_dump(), other.model_dump()))


def _named_differences(place: str, one: Any, other: Any) -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            name
            for key in one.keys() | other.keys()
            for name in _named_differences(f"{place}.{key}", one.get(key), other.get(key))
        ]
    return [] if one == other else [place]
