"""Models: what lies in the models folder, what each is, and why some are not used."""

from collections.abc import Callable
from html import escape

import ipywidgets as ipw

from medialab.modelfiles import FOLDER_OF_KIND
from medialab.registry import ModelInfo
from widgets.button import make_button
from widgets.catalogue import Catalogue
from widgets.guard import Show, guarded

_ALL = "all"
_COLUMNS = ("Name", "Kind", "Family", "Format", "Size", "")


class ModelsPanel(ipw.VBox):
    """A table to search; `refresh` reads the folder again."""

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
        again.tooltip = "Look again at what lies in the models folder"
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
        head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
        body = "".join(map(_row, rows))
        count = f"{len(rows)} of {len(self._catalogue.infos)} models"
        self.table.value = (
            f'<p class="mls-quiet" role="status">{count}</p>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _text(info: ModelInfo) -> str:
    return f"{info.name} {info.kind} {info.family} {info.format} {info.path.name}"


def _row(info: ModelInfo) -> str:
    why = "" if info.refused is None else f"not used: {info.refused}"
    state = "refused" if info.refused else "usable"
    name = info.name if info.refused is None else info.path.name
    cells = (name, info.kind, info.family, info.format, size_text(info.size_bytes), why)
    inner = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr data-state="{state}">{inner}</tr>'


def size_text(size: int) -> str:
    """Bytes as a person reads them: "1.9 GB", in steps of a thousand."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in {"B", "kB"} else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"
