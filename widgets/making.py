"""What the Generate button does: one picture, or a batch that fills a grid on the canvas."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from medialab import PipelineConfig, Workbench
from medialab.batch.plan import BatchPlan
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError, MediaLabError
from widgets.axis_settings import axis_settings
from widgets.batch_names import proposed_name
from widgets.batches import Batches
from widgets.catalogue import Catalogue
from widgets.forecast import forecast
from widgets.generate import Fault, Generate
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.requests import FaultsError, Seeds, faults_in, sweep_of
from widgets.session import Session
from widgets.times import time_text

# Pictures up to which what is typed is checked at once; more are checked in the background.
_MOST_AT_ONCE = 200
_MEGA = 1e6


class Making:
    """The Generate button with its menu.

    Args:
        bench: the workbench whose models are meant.
        catalogue: the models that the menus offer.
        base: returns the settings of the form, as `PipelineConfig.parse` takes them.
        session: takes the request of one picture.
        batches: take those of many.
        press: called when a person presses the button.
        show_error: shows an error of a callback.

    Attributes:
        button: the widget.
    """

    def __init__(
        self,
        bench: Workbench,
        catalogue: Catalogue,
        base: Callable[[], Mapping[str, Any]],
        session: Session,
        batches: Batches,
        press: Callable[[], object],
        show_error: Show,
    ) -> None:
        self._bench, self._base, self._session, self._batches = bench, base, session, batches
        self._press, self._show_error = press, show_error
        self._seeds = Seeds()
        # The sweep that was checked last, with what it was made of: pressing checks it no more.
        self._checked: tuple[Any, Sweep] | None = None
        self._newest = 0
        self._one_check = threading.Lock()
        self.button = Generate(lambda: axis_settings(catalogue, self._base()), batches.listed)
        self.button.on_generate(guarded(self._pressed, show_error))
        self.button.on_cancel(guarded(self.cancel, show_error))
        self.button.on_open(guarded(batches.open, show_error))
        self.button.on_file(guarded(self._take_file, show_error))
        self.button.observe(guarded(lambda _: self.settings_changed(), show_error), "asked")
        session.on_jobs(self.count_jobs)

    def submit(self) -> PipelineConfig:
        """Queue what the button asks for, all of it or nothing, and return the first request.

        Raises:
            FaultsError: some of it is wrong; it is told beside the button, too.
            MediaLabError: a request is refused; nothing is queued then.
        """
        if self.button.asked["mode"] == "one":
            config = PipelineConfig.parse(dict(self._base()))
            self._session.submit(config)
            return config
        try:
            sweep = self._sweep()
            self._refuse(sweep)
            name = self._name(sweep)
            try:
                batch = self._batches.begin(sweep, name)
            except BatchError as error:
                raise FaultsError.of([Fault(at="name", text=text_of(error))]) from error
        except FaultsError as error:
            self.button.faults = list(error.faults)
            raise
        self._seeds.renew()
        self._checked = None
        self.settings_changed()
        return batch.config(0)

    def sweep(self, name: str) -> None:
        """Have a setting of the form varied: its values are written in the builder's fields."""
        self.button.add_axis(name)

    def cancel(self, what: str = "batch") -> None:
        """Cancel the running picture or more.

        Args:
            what: "one" for the running picture that is no batch's, "keep" to save it as far as it
                was made; "batch" for the batch that is being made, or else that picture; "all" for
                everything, what waits, too.
        """
        if what in {"batch", "all"} and self._batches.left:
            self._batches.stop()
        elif what != "all":
            self._session.cancel(keep=what == "keep")
        if what == "all":
            self._session.cancel(self._session.unfinished())

    def settings_changed(self) -> None:
        """Tell anew how many pictures there are to be, what they cost, and what is wrong."""
        asked = self.button.asked
        self._newest += 1
        if asked["mode"] == "one":
            self._tell("", "", [])
            return
        # A wrong setting of the form is told when a picture is asked for.
        with suppress(MediaLabError):
            try:
                sweep = self._sweep()
            except FaultsError as error:
                self._tell("", "", list(error.faults))
                return
            if len(sweep) <= _MOST_AT_ONCE:
                self._check(sweep, self._newest)
                return
            self._tell(_pictures(len(sweep)), f"{_pictures(len(sweep))}. Checking them…", [])
            check = guarded(self._check, self._show_error)
            thread = threading.Thread(
                target=check, args=(sweep, self._newest), name="batch-check", daemon=True
            )
            thread.start()

    def count_jobs(self) -> None:
        """Tell how many pictures are being made, and how many wait."""
        was_running = self.button.running > 0
        with self.button.hold_sync():
            self.button.running = self._batches.left
            self.button.waiting = len(self._session.unfinished())
        if was_running and not self.button.running:
            self.settings_changed()  # more is made, and known of how long it takes

    def _sweep(self) -> Sweep:
        """Return what is asked for; the same one while nothing has changed."""
        asked, base = self.button.asked, dict(self._base())
        key = (asked, base)
        if self._checked is None or self._checked[0] != key:
            # Under a name that is there, what was left to chance is what was drawn for it.
            drawn = self._batches.seeds_of(str(asked["name"]).strip())
            seeds = self._seeds if drawn is None else Seeds(drawn)
            self._checked = (key, sweep_of(asked, base, self._bench.registry.find, seeds))
        return self._checked[1]

    def _refuse(self, sweep: Sweep) -> None:
        if faults := faults_in(sweep, self.button.asked["mode"]):
            raise FaultsError.of(faults)

    def _name(self, sweep: Sweep) -> str:
        """Return the name that was typed, or else the one that is proposed."""
        typed = str(self.button.asked["name"]).strip()
        return typed or self._batches.free_name(sweep, proposed_name(sweep))

    def _check(self, sweep: Sweep, number: int) -> None:
        """Check a sweep and tell what it costs, unless another one is asked for meanwhile."""
        with self._one_check:
            if number != self._newest:
                return
            try:
                self._refuse(sweep)
                name = self._name(sweep)
                plan, is_there = forecast(self._bench, self._batches, sweep, name)
            except FaultsError as error:
                self._tell_if(number, "", "", list(error.faults))
                return
            except BatchError as error:
                self._tell_if(number, "", "", [Fault(at="name", text=text_of(error))])
                return
            note = _pictures(plan.left) if plan.left else "made already"
            if plan.seconds is not None and plan.left:
                note = f"{note} · {time_text(plan.seconds)}"
            self._tell_if(number, note, _told(plan, name, is_there), [], name)

    def _tell_if(
        self, number: int, note: str, plan: str, faults: list[Fault], name: str = ""
    ) -> None:
        if number == self._newest:
            self._tell(note, plan, faults, name)

    def _tell(self, note: str, plan: str, faults: list[Fault], name: str = "") -> None:
        with self.button.hold_sync():
            self.button.note, self.button.plan = note, plan
            self.button.faults, self.button.proposed = faults, name

    def _take_file(self, name: str, text: str) -> None:
        try:
            self._batches.take_file(name, text)
        except MediaLabError as error:
            self.button.faults = [Fault(at="file", text=text_of(error))]

    def _pressed(self) -> None:
        with suppress(FaultsError):  # told beside the button
            self._press()


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"


def _told(plan: BatchPlan, name: str, is_there: bool) -> str:
    """Return what a batch will cost, in sentences."""
    parts = [_pictures(plan.rows)]
    if plan.same:
        parts.append(f"{plan.same:,} the same as others, made once")
    if plan.made + plan.saved:
        parts.append(f"{plan.made + plan.saved:,} made already")
    if plan.left:
        time = "time not known yet" if plan.seconds is None else f"about {time_text(plan.seconds)}"
        disk = "disk not known yet" if plan.nbytes is None else f"{plan.nbytes / _MEGA:,.1f} MB"
        parts += [time, disk]
    told = f"{', '.join(parts)}."
    return f"Goes on with “{name}”: {told}" if is_there else told
