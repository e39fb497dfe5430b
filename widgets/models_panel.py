"""The Models tab: the files in the models folder, and the reasons why some are not used."""

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets as ipw

from medialab.listing.info import FOLDER_OF_KIND
from medialab.loading.registry import ModelInfo
from widgets.button import make_button
from widgets.catalogue import Catalogue
from widgets.guard import Show, guarded

_ALL = "all"
_COLUMNS = ("Name", "Kind", "Family", "Format", "Size", "Predicts")
_REFUSED_COLUMNS = ("File", "Kind", "Why it is not used")
MOST_ROWS = 500  # of each table; a page of more takes seconds to lay out


class ModelsPanel(ipw.VBox):
    """A table of models with a search field; `refresh` is called to read the folder again."""

    def __init__(
        self, catalogue: Catalogue, refresh: Callable[[], object], show_error: Show
    ) -> None:
        self._catalogue = catalogue
        self.search = ipw.Text(placeholder="part of a name, a family …")
        self.search.description = "Search"
        self.kind = ipw.Dropdown(
            options=[("All kinds", _ALL), *((kind, kind) for kind in FOLDER_OF_KIND)], value=_ALL
        )
        self.kind.description = "Kind"
        for control in (self.search, self.kind):
            control.add_class("mls-field")
            control.observe(guarded(lambda _: self._draw(), show_error), "value")
        self.search.add_class("mls-model-search")
        again = make_button("models-refresh", refresh, show_error, label="Refresh", icon="refresh")
        again.tooltip = "Read the models folder again"
        line = ipw.HBox([self.search, self.kind, again])
        line.add_class("mls-filters")
        self.table = ipw.HTML()
        self.table.add_class("mls-model-table")
        super().__init__([line, self.table])
        self.add_class("mls-models")
        catalogue.on_refresh(self._draw)

    def _draw(self) -> None:
        words = self.search.value.casefold().split()
        rows = [
            info
            for info in self._catalogue.infos
            if self.kind.value in {_ALL, info.kind}
            and all(word in _text(info).casefold() for word in words)
        ]
        usable = [info for info in rows if info.refused is None]
        refused = [info for info in rows if info.refused is not None]
        count = f"{len(rows)} of {len(self._catalogue.infos)} models"
        if len(rows) > MOST_ROWS:
            count += f"; of each list the first {MOST_ROWS} are shown: search for the others"
        self.table.value = (
            f'<p class="mls-quiet" role="status">{count}</p>{_table_of_usable(usable)}'
            f"{_table_of_refused(refused)}"
        )


def _text(info: ModelInfo) -> str:
    told = f"{info.name} {info.kind} {info.family} {info.format} {info.path.name}"
    return f"{told} {_trained(info)}"


def _table_of_usable(infos: Sequence[ModelInfo]) -> str:
    rows = [
        _row(
            info.name,
            info.kind,
            info.family,
            info.format,
            size_text(info.size_bytes),
            _trained(info),
        )
        for info in infos[:MOST_ROWS]
    ]
    return _table(_COLUMNS, rows, "usable") if rows else ""


def _table_of_refused(infos: Sequence[ModelInfo]) -> str:
    """Return the table of refused files; it is separate, since the reasons are long."""
    if not infos:
        return ""
    rows = [_row(info.path.name, info.kind, info.refused or "") for info in infos[:MOST_ROWS]]
    files = "1 file is" if len(infos) == 1 else f"{len(infos)} files are"
    return (
        f'<details class="mls-not-used" open><summary>{files} not used</summary>'
        f"{_table(_REFUSED_COLUMNS, rows, 'refused')}</details>"
    )


def _table(columns: Sequence[str], rows: Sequence[str], state: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(f'<tr data-state="{state}">{row}</tr>' for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(*cells: str) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _trained(info: ModelInfo) -> str:
    """Return a checkpoint's prediction type if known, and whether it has zero terminal SNR."""
    words = info.prediction_type.replace("v_prediction", "v-prediction").replace("_", " ")
    return ", ".join(filter(None, [words, "zero terminal SNR" if info.zero_terminal_snr else ""]))


def size_text(size: int) -> str:
    """Return a number of bytes as text, such as "1.9 GB"; 1 kB is 1000 bytes."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in {"B", "kB"} else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"
