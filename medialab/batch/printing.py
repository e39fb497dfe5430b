"""A line and a bar for each picture of a batch, in a shell, in a notebook, and behind one.

What a cell prints stands in its notebook, and nobody sees it while papermill runs; so lines and bar
go to the console that the kernel was started from, too, unless a page shows the notebook.
"""

import os
import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

# Set by Jupyter's server for kernels with a notebook that a page shows.
_PAGE = "JPY_SESSION_NAME"


class Printer:
    """Prints a line for each picture, above a bar.

    Args:
        name: What the bar is called.
        total: Pictures in all.
        made: Those of them that were made before.
    """

    def __init__(self, name: str, total: int, made: int) -> None:
        self._name, self._total, self._made = name, total, made
        self._console = _console()

    @cached_property
    def _bar(self) -> "tqdm[None] | None":
        if self._console is None:
            return None
        from tqdm import tqdm

        return tqdm(
            total=self._total,
            initial=self._made,
            desc=self._name,
            unit="picture",
            file=self._console,
            mininterval=0.5,  # seconds
        )

    def print(self, line: str) -> None:
        """Print a line about a picture that has ended, and move the bar on."""
        bar = self._bar
        if bar is None or _is_kernel():
            print(line, flush=True)  # noqa: T201 - its purpose
        if bar is not None:
            # In a shell the lines are for whoever reads the output, and the bar is not.
            bar.write(line, file=self._console if _is_kernel() else sys.stdout)
            bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
        if self._console is not None and self._console is not sys.stderr:
            self._console.close()


def _is_kernel() -> bool:
    """Return whether what is printed goes to a notebook."""
    return type(sys.stdout).__module__.startswith("ipykernel")


def _console() -> TextIO | None:
    """Return where the bar is drawn; None where a page shows the notebook, or nobody looks on."""
    if not _is_kernel():
        return sys.stderr if sys.stderr.isatty() else None
    if _PAGE in os.environ:
        return None
    # Where ipykernel watches this process' own output, its number is that of the console which the
    # kernel was started from; elsewhere that is still the output itself.
    for stream in (sys.stderr, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            number = os.dup(stream.fileno())  # type: ignore[union-attr]
            return os.fdopen(number, "w", encoding="utf-8")
    return None
