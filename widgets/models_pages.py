"""The models of the studio in two pages: those on this machine, and a search for more."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets as ipw

from medialab import Workbench
from medialab.remote.packages.pins import PHOTOS
from widgets.guard import Show, guarded
from widgets.models_shelf import ModelsShelf

if TYPE_CHECKING:
    from medialab.infotext.restored_models import MissingModel
    from widgets.finder_panel import FinderPanel


class ModelsPages:
    """Shows the shelf, or in its place the finder, which is made when it is first asked for.

    `panel` is the widget.

    Args:
        bench: the workbench, into whose models folder is downloaded.
        shelf: the models on this machine.
        refresh: called when a model has come.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        bench: Workbench,
        shelf: ModelsShelf,
        refresh: Callable[[], object],
        show_error: Show,
    ) -> None:
        self._bench, self._shelf = bench, shelf
        self._refresh, self._show_error = refresh, show_error
        self.found: FinderPanel | None = None
        self._missing: Sequence[MissingModel] = ()
        self.panel = ipw.Box([shelf])
        self.panel.add_class("mls-models-pages")
        shelf.can_find = True
        shelf.on_find(guarded(self.find, show_error))
        shelf.on_photos(guarded(self.fetch_photos, show_error))
        shelf.observe(self._picking, "picking")

    def find(self) -> None:
        """Show the finder."""
        from widgets.finder_panel import FinderPanel

        if self.found is None:
            self.found = FinderPanel(self._bench, self._refresh, self._show_error)
            self.found.finder.on("back", guarded(self.back, self._show_error))
            self.panel.children = (self._shelf, self.found.finder)
        self.found.listen()
        if self._missing:
            self.found.offer(self._missing)
            self._missing = ()
        self._show(finder=True)

    def fetch_photos(self) -> None:
        """Fetch the models for photos, and show how far that is."""
        self.find()
        self._bench.download(PHOTOS)

    def offer(self, missing: "Sequence[MissingModel]") -> None:
        """List models that settings need in the finder, when it is shown next; asks nothing."""
        self._missing = [one for one in missing if one.hash or one.civitai]

    def back(self) -> None:
        """Show the models on this machine."""
        self._show(finder=False)

    def _picking(self, change: dict[str, str]) -> None:
        if change["new"]:  # one of those that are here is to be chosen
            self.back()

    def _show(self, *, finder: bool) -> None:
        self._shelf.layout.display = "none" if finder else None
        if self.found is not None:
            self.found.finder.layout.display = None if finder else "none"
