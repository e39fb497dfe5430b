"""Making the picture on the canvas again, to tell in the details whether it is equal."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO

from PIL import Image

from medialab import ResolvedConfig
from medialab.artifacts import ArtifactManager
from medialab.errors import ArtifactError, MediaLabError
from medialab.runs.executor import RunJob
from medialab.runs.verifying import Check, Verification
from widgets.canvas import Canvas
from widgets.details import Details
from widgets.messages import text_of

Submit = Callable[[ResolvedConfig], RunJob]
_LARGEST_SIDE = 512  # pixels of the picture in the details
_NOT_MADE = "{} was not made again."
_MAKING = "It is made again, and compared when it is ready…"


class Checking:
    """Checks saved pictures; what is found is told in the details of the picture on the canvas.

    Args:
        artifacts: the pictures of an outputs folder.
        canvas: where the picture is shown.
        details: where it is told.
        submit: queues a picture that is made from nothing and not saved.
    """

    def __init__(
        self, artifacts: ArtifactManager, canvas: Canvas, details: Details, submit: Submit
    ) -> None:
        self._artifacts, self._canvas = artifacts, canvas
        self._details, self._submit = details, submit

    def begin(self) -> None:
        """Make the picture on the canvas again, in the queue, and compare.

        Raises:
            ArtifactError: it is not saved, or its settings cannot be read.
        """
        path = self._canvas.path
        if path is None:
            message = "this picture is not saved: there is nothing to compare with"
            raise ArtifactError(message)
        check = Check.of(path, self._artifacts)
        if isinstance(check, Verification):
            self._details.tell(check.sentences)
            return
        self._details.tell([_MAKING])
        try:
            job = self._submit(check.config)
        except MediaLabError as error:
            self._tell(check, [_NOT_MADE.format(path.name), text_of(error)])
            return
        work = partial(self._wait, check, job)
        threading.Thread(target=work, name="check", daemon=True).start()

    def _wait(self, check: Check, job: RunJob) -> None:
        """Wait for the run, and tell what it shows."""
        error = job.error()
        try:
            if error is None:
                found = check.compare(job.result())
                self._tell(check, found.sentences, _file_of(found.difference))
        except ArtifactError as broken:
            error = broken
        if error is not None:
            self._tell(check, [_NOT_MADE.format(check.picture.name), text_of(error)])

    def _tell(self, check: Check, story: Sequence[str], difference: bytes = b"") -> None:
        """Tell what was found, if the picture is still shown."""
        if self._canvas.path == check.picture:
            self._details.tell(story, difference)


def _file_of(picture: Image.Image | None) -> bytes:
    """Return a small PNG of a picture in which every bright pixel can still be seen."""
    if picture is None:
        return b""
    import numpy as np

    values = np.asarray(picture)
    step = -(-max(picture.size) // _LARGEST_SIDE)
    sides = [-(-side // step) * step for side in values.shape[:2]]
    padded = np.zeros((*sides, 3), np.uint8)
    padded[: values.shape[0], : values.shape[1]] = values
    blocks = padded.reshape(sides[0] // step, step, sides[1] // step, step, 3)
    buffer = BytesIO()
    Image.fromarray(blocks.max(axis=(1, 3))).save(buffer, "PNG")
    return buffer.getvalue()
