"""The history: every picture in the outputs folder, with filters."""

import json
import threading
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as ipw

from medialab import Workbench
from medialab.artifacts import Artifact, LeftOut, Query, Sidecar
from widgets.collapsible import Collapsible
from widgets.gallery import Entry, Gallery
from widgets.guard import Show, guarded

_MOST = 100_000  # entries; the gallery itself draws only those on the screen
_ANY = ""
_MOST_LEFT_OUT = 20  # lines; a longer list adds nothing new


class HistoryPanel(ipw.VBox):
    """Filters over a gallery of the saved pictures.

    Args:
        bench: the workbench whose outputs are shown.
        open_it: called with a clicked picture.
        enhance: called with a picture to use as the start picture.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        bench: Workbench,
        open_it: Callable[[Artifact], object],
        enhance: Callable[[Artifact], object],
        show_error: Show,
    ) -> None:
        self._bench = bench
        self._open_it, self._enhance = open_it, enhance
        self._offering = False
        self._lock = threading.RLock()  # used by the worker's thread and by callbacks
        self._found: dict[str, Artifact] = {}
        self.text = ipw.Text(placeholder="words of the prompt", continuous_update=False)
        self.tag = ipw.Dropdown(options=[("Any tag", _ANY)], value=_ANY)
        self.model = ipw.Dropdown(options=[("Any model", _ANY)], value=_ANY)
        self.since = ipw.DatePicker(value=None)
        self.until = ipw.DatePicker(value=None)
        self.stars = ipw.Dropdown(
            options=[("Any", 0), *((f"{'★' * count} or more", count) for count in range(1, 6))],
            value=0,
        )
        named = {
            "Search": self.text,
            "Tag": self.tag,
            "Model": self.model,
            "Stars": self.stars,
            "From": self.since,
            "To": self.until,
        }
        for name, control in named.items():
            control.description = name
            control.add_class("mls-field")
            control.add_class(f"mls-history-{name.lower()}")
            control.observe(guarded(lambda _: self.refresh(), show_error), "value")
        more = ipw.Box([self.tag, self.model, self.stars, self.since, self.until])
        more.add_class("mls-grid")
        self.filters = Collapsible("Filter", [more], name="filters")
        self.gallery = Gallery(bench.artifacts.thumbnail)
        self.gallery.on_open(guarded(self._open, show_error))
        self.gallery.on_act(guarded(self._act, show_error))
        self.left_out = ipw.HTML()
        self.left_out.add_class("mls-left-out")
        self.sidecar = ipw.HTML()
        self.sidecar.add_class("mls-sidecar")
        self.sidecar.layout.display = "none"
        head = ipw.HTML("<h3>History</h3>")
        super().__init__([head, self.text, self.filters, self.gallery, self.left_out, self.sidecar])
        self.add_class("mls-history")

    def query(self) -> Query:
        """Return the query that the filters describe.

        Raises:
            ArtifactError: the start date is after the end date.
        """
        return Query(
            text=self.text.value,
            tags=(self.tag.value,) if self.tag.value else (),
            checkpoint=self.model.value or None,
            since=self.since.value,
            until=self.until.value,
            least_stars=self.stars.value,
        )

    def refresh(self) -> None:
        """Read the outputs folder again.

        Raises:
            ArtifactError: the start date is after the end date, or another process has locked the
                index.
        """
        if self._offering:
            return
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        self._offer()
        found = self._bench.artifacts.find(self.query(), limit=_MOST)
        entries = [Entry.of(artifact) for artifact in found]
        self._found = {entry.id: one for entry, one in zip(entries, found, strict=True)}
        self.gallery.show(entries)
        self.left_out.value = _left_out_html(self._bench.artifacts.left_out())

    def _offer(self) -> None:
        """Offer the tags and models that exist; the selection stays if possible."""
        choices = self._bench.artifacts.choices()
        menus = (
            (self.tag, "Any tag", choices.tags),
            (self.model, "Any model", choices.checkpoints),
        )
        self._offering = True
        try:
            for menu, anything, names in menus:
                chosen = menu.value
                options = [(anything, _ANY), *((name, name) for name in names)]
                if tuple(menu.options) != tuple(options):
                    menu.options = options
                    menu.value = chosen if chosen in names else _ANY
        finally:
            self._offering = False

    def _open(self, identity: str) -> None:
        self._open_it(self._found[identity])

    def _act(self, action: str, identity: str) -> None:
        artifact = self._found[identity]
        if action == "enhance":
            self._enhance(artifact)
        elif action == "delete":
            self._bench.artifacts.delete(artifact.path)
            self.refresh()
        elif action == "sidecar":
            self._show_sidecar(artifact)
        else:
            stars = int(action.removeprefix("stars:"))
            changed = self._bench.artifacts.annotate(artifact.path, stars=stars)
            self._found[identity] = changed
            self.gallery.update(Entry.of(changed))

    def _show_sidecar(self, artifact: Artifact) -> None:
        content = json.loads(Sidecar.read(artifact.sidecar).encode())
        text = json.dumps(content, ensure_ascii=False, indent=2)
        self.sidecar.value = (
            f"<details open><summary>{escape(artifact.sidecar.name)}</summary>"
            f"<pre tabindex=0>{escape(text)}</pre></details>"
        )
        self.sidecar.layout.display = None


def _left_out_html(left_out: Sequence[LeftOut]) -> str:
    """Return the files that are not shown and why, as HTML; empty if all are shown."""
    if not left_out:
        return ""
    lines = [
        f"<li><b>{escape(one.path.name)}</b>: {escape(one.reason)}</li>"
        for one in left_out[:_MOST_LEFT_OUT]
    ]
    if len(left_out) > _MOST_LEFT_OUT:
        lines.append(f"<li>and {len(left_out) - _MOST_LEFT_OUT} more</li>")
    count = "1 file is" if len(left_out) == 1 else f"{len(left_out)} files are"
    return f"<details><summary>{count} not shown here</summary><ul>{''.join(lines)}</ul></details>"
