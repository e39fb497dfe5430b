"""The tracebacks of defects, which no client is told: in the outputs folder, for whoever mends."""

from contextlib import suppress
from pathlib import Path
from traceback import format_exception

from medialab.errors import MediaLabError

LOG = "api.log"  # in the outputs folder


def note_defect(outputs: Path, job: str, traceback: str) -> None:
    """Append a traceback to the log; a disk that is full is passed over, the error is told anyway.

    Args:
        outputs: The outputs folder.
        job: The name of the job that failed.
        traceback: What to write.
    """
    with suppress(OSError):
        outputs.mkdir(parents=True, exist_ok=True)
        with (outputs / LOG).open("a", encoding="utf-8") as file:
            file.write(f"{job}\n{traceback}\n")


def note_error(outputs: Path, job: str, error: BaseException) -> None:
    """Append an error's traceback to the log, unless its message is all that there is to know.

    Args:
        outputs: As for `note_defect`.
        job: As for `note_defect`.
        error: The error; a `MediaLabError` is no defect of ours.
    """
    if not isinstance(error, MediaLabError):
        note_defect(outputs, job, "".join(format_exception(error)))
