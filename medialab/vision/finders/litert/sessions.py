"""One of MediaPipe's networks in memory, run by LiteRT (extra `photos`)."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError, first_line
from medialab.files.mediapipe_networks import Network, read_network
from medialab.process.libraries import require

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

LIBRARY = "ai_edge_litert"
# What LiteRT writes to the process's stderr, which a notebook shows, when it opens a network.
_NOTE = b"INFO: Created TensorFlow Lite XNNPACK delegate"
_STDERR = 2


class Session:
    """A network that was checked by its content: LiteRT is given no other.

    Args:
        path: its file.
        network: which of MediaPipe's networks it must be.
        threads: how many threads compute.

    Raises:
        ModelRefusedError: it is another file, or LiteRT cannot open it.
        MissingLibraryError: LiteRT is not installed.
    """

    def __init__(self, path: "Path", network: Network, threads: int) -> None:
        require(LIBRARY)
        from ai_edge_litert.interpreter import Interpreter

        content = read_network(path, network)
        self.nbytes = len(content)
        try:
            with _without_note():
                self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            message = f"LiteRT cannot open {path.name}: {first_line(error)}"
            raise ModelRefusedError(message) from error
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    @property
    def size(self) -> int:
        """The sides of what it is given, in pixels."""
        return int(self._input["shape"][1])

    def run(self, pixels: "np.ndarray") -> "list[np.ndarray]":
        """Return what the network gives.

        Args:
            pixels: (size, size, 3), 32-bit floats in the range of the network.

        Returns:
            Its outputs in the order of the file, without the first axis.
        """
        self._interpreter.set_tensor(self._input["index"], pixels[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index)[0] for index in self._outputs]


@contextmanager
def _without_note() -> Iterator[None]:
    """Keep LiteRT's note off the process's stderr; what else is written there follows later."""
    try:
        real = os.dup(_STDERR)
    except OSError:  # a process without one
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(real, _STDERR)
            os.close(real)
            written.seek(0)
            for line in written:
                if not line.startswith(_NOTE):
                    os.write(_STDERR, line)
