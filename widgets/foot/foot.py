"""The foot of the canvas: two lines of fixed height, whatever they tell."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATES = ("waiting", "cached", "running", "done")
RUN_STATES = ("idle", "running", "done", "cancelled", "failed")
# What "Use settings" can take from the shown picture.
USES = ("all", "prompt", "seed", "size", "stages")
# What a person can ask for here, and the words that come with it.
ACTS = {
    "look": ("stage",),
    "compare": ("stage",),
    "again": ("stage",),
    "use": ("what",),
    "save": (),
    "message": ("name",),
    "dismiss": ("what",),
    "job": ("name", "do", "place"),
    "queue": ("do",),
}
_STAGE = {"name", "title", "state", "seconds", "pictures", "pictured"}

Callback = Callable[..., object]


class Foot(anywidget.AnyWidget):
    """Status and progress, the caption of the shown picture, the queue, and the stages that ran.

    Its two lines never change their height: long texts are cut, and are whole in a tooltip. The
    queue opens as a popover; errors and notices lie over the picture above. Times run by the
    browser's clock: `until` and `since` are in seconds of `time.time`.

    Attributes:
        status: `state` (one of `RUN_STATES`), `text`, `share` (of the running stage, 0 to 1, or
            None), `since` and `until` (None if unknown).
        said: what a screen reader reads aloud when it changes; no steps.
        caption: `text` and `title` (the whole text) of the shown picture, `can_save` and `can_use`.
        stages: dicts with `name`, `title`, `state` (one of `STATES`), `seconds` (None if unknown),
            `pictures` (whose seconds these are the mean of) and `pictured` (whether the stage has
            a picture to look at).
        looking: the name of the stage whose picture is shown; "" for the result.
        compared: the name of the stage that the result is compared with, or "".
        jobs: rows of the queue: dicts with `name`, `label`, `facts`, `state`, `since`, `until`,
            `takes` (seconds that a waiting one will need, or None), `why`, `is_batch` (whether it
            is a batch, which can be opened).
        queue: `paused`, `can_pause`, `left` (seconds for all jobs, or None), and `stopped`: None,
            or `kind`, `text`, and `why` of requests that wait for a decision.
        error: `title`, `text`, `trace` and `action` (None, or `name` and `label`); {} without one.
        notice: HTML, "" without one.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    status = traitlets.Dict({"state": "idle", "text": ""}).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    caption = traitlets.Dict().tag(sync=True)
    stages = traitlets.List(traitlets.Dict()).tag(sync=True)
    looking = traitlets.Unicode("").tag(sync=True)
    compared = traitlets.Unicode("").tag(sync=True)
    jobs = traitlets.List(traitlets.Dict()).tag(sync=True)
    queue = traitlets.Dict().tag(sync=True)
    error = traitlets.Dict().tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._callbacks: dict[str, list[Callback]] = {}
        self.on_msg(self._heard)

    @property
    def error_text(self) -> str:
        """The heading and the text of the error that is shown; "" without one."""
        return f"{self.error['title']}: {self.error['text']}" if self.error else ""

    def on(self, act: str, callback: Callback) -> None:
        """Call `callback` whenever a person does this.

        Args:
            act: one of `ACTS`.
            callback: gets the act's words in order, as "again" the stage's name.
        """
        if act not in ACTS:
            message = f"act={act!r}: choose {', '.join(ACTS)}"
            raise ValueError(message)
        self._callbacks.setdefault(act, []).append(callback)

    def act(self, act: str, *words: object) -> None:
        """Do what a person does in the browser: call the callbacks of `act`."""
        for callback in self._callbacks.get(act, ()):
            callback(*words)

    @traitlets.validate("stages")
    def _stages_are_whole(self, proposal: traitlets.Bunch) -> list[dict[str, Any]]:
        for stage in proposal["value"]:
            if stage.keys() != _STAGE:
                message = f"stages hold {stage!r}: give each {', '.join(sorted(_STAGE))}"
                raise traitlets.TraitError(message)
            if stage["state"] not in STATES:
                message = f"{stage['name']} is {stage['state']!r}: choose {', '.join(STATES)}"
                raise traitlets.TraitError(message)
        return list(proposal["value"])

    def _heard(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "clock":  # the browser's clock may differ from this machine's
            self.send({"kind": "clock", "now": time.time()})
        elif kind in ACTS:
            self.act(str(kind), *(content.get(word) for word in ACTS[str(kind)]))
