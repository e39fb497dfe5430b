"""The shown picture made again: from a stage on, with edited boxes, with what was set aside."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from medialab import PipelineConfig, Run, Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.runs.belongings import changes_to_restore
from medialab.settings.fields import StageConfig
from medialab.stages import STAGES, TITLES
from widgets.canvas import Canvas
from widgets.form import Form
from widgets.session import Session

# The settings of these stages describe the whole picture: running again keeps them.
_BASE = ("prompt", "source", "txt2img")


class Reruns:
    """Makes the picture on the canvas again, from one of its stages on.

    Args:
        bench: the workbench that made it.
        canvas: shows the picture.
        form: has the present settings, and offers to use values that were set aside.
        session: takes the requests.
        config: returns the present settings.
    """

    def __init__(
        self,
        bench: Workbench,
        canvas: Canvas,
        form: Form,
        session: Session,
        config: Callable[[], PipelineConfig],
    ) -> None:
        self._bench, self._canvas, self._form = bench, canvas, form
        self._session, self._config = session, config

    def begin(self, stage: str, changes: Mapping[str, Any] | None = None) -> None:
        """Run again from a stage on; see `Studio.rerun`."""
        shown = self._canvas.shown
        if shown is None or not isinstance(shown.config, ResolvedConfig):
            message = "no picture of this studio is shown; choose one in the history first"
            raise LookupError(message)
        self._canvas.clear_error()
        now = self._config()
        settings = _settings_from(stage, now) | {"made_for": now.made_for} | dict(changes or {})
        config = self._bench.changed(shown.config, settings)
        self._session.submit(config, anew_from=stage, before=self._canvas.picture)

    def draw_boxes(self, detailer: str, boxes: Sequence[Mapping[str, Any]]) -> None:
        """Run again from a detailer on, with detections as they were edited."""
        own = self._form.read()[detailer]
        settings = own | {"enabled": True, "detections": boxes}
        self.begin(detailer, {detailer: settings})

    def keep(self) -> None:
        """Save the picture on the canvas; all of its stages are cached."""
        shown = self._canvas.shown
        if shown is not None and shown.config is not None:
            self._session.submit(shown.config)

    def offer_set_aside(self, run: Run) -> None:
        """Offer to make a run again with the values that were set aside in it; on any thread."""
        if run.set_aside:
            told = "; ".join(
                escape(f"{TITLES.get(one['stage'], one['stage'])}: {one['why']}")
                for one in run.set_aside
            )
            self._form.set_aside.offer(f"{told}.", partial(self._bring_back, run))

    def _bring_back(self, run: Run) -> None:
        """Run again with the values that were set aside."""
        self._canvas.clear_error()
        config = self._bench.changed(run.config, changes_to_restore(run.set_aside))
        first = run.set_aside[0]["stage"]
        self._session.submit(config, anew_from=first, before=self._canvas.picture)


def _settings_from(stage: str, now: PipelineConfig) -> dict[str, Any]:
    """Return the settings of this stage and all later ones."""
    names = [one.name for one in STAGES]
    later = STAGES[names.index(stage) :] if stage in names else ()
    found: dict[str, Any] = {}
    for one in later:
        own = getattr(now, one.name, None)
        if isinstance(own, StageConfig):
            found[one.name] = own.model_dump()
        elif one.name not in _BASE:
            found |= {name: getattr(now, name) for name in one.settings.model_fields}
    return found
