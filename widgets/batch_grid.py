"""A batch in a notebook without the studio: its pictures as a grid, and what is done with them."""

from collections.abc import Callable, Sequence

import ipywidgets as ipw

from medialab.artifacts import Artifact
from medialab.batch.batch import Batch
from medialab.errors import MediaLabError
from widgets.batch_marks import BatchActs
from widgets.batch_panel import BatchPanel
from widgets.messages import text_of
from widgets.viewer import Viewer

_HEIGHT = "560px"


class BatchGrid(ipw.VBox):
    """A batch's pictures with its values at the edges, which are opened, compared and marked.

    `grid.marked` are the pictures on the tiles that a person has marked, such as for
    `bench.enhance(grid.marked[0].path, config)`.

    Args:
        batch: the batch; `run` or `Resume` below the grid makes what is missing.
        start: called with a picture that a person wants to start from; without it there is no
            such button.
    """

    def __init__(self, batch: Batch, start: Callable[[Artifact], object] | None = None) -> None:
        self._viewer = Viewer()
        self._panel = BatchPanel(
            batch.bench.artifacts, self._viewer, BatchActs(start=start), self._show_error
        )
        self._viewer.layout.height = _HEIGHT
        super().__init__([self._viewer, self._panel.bar])
        self.add_class("mls-batch-grid")
        self._panel.open(batch)

    @property
    def marked(self) -> Sequence[Artifact]:
        """The pictures on the marked tiles, in the order in which they were marked."""
        return self._panel.marks.pictures

    def resume(self) -> None:
        """Make what is missing, as the button does; returns at once."""
        self._panel.resume()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait (seconds; None for ever) until it is stopped or made, and return whether it is."""
        run = self._panel.run
        return run is None or run.wait(timeout)

    def __repr__(self) -> str:
        """Return what stands in an executed notebook, where no kernel runs the grid."""
        return "A batch's grid: it is here when the notebook runs"

    def _show_error(self, error: BaseException, trace: str) -> None:
        if not isinstance(error, MediaLabError):
            self._panel.bar.tell(f"{text_of(error)} {trace}", is_error=True)
            return
        self._panel.bar.tell(text_of(error), is_error=True)
