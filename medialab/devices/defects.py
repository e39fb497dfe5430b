"""The tracebacks of defects, which no client is told: in the outputs folder, for whoever mends."""

from contextlib import suppress
from pathlib import Path

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
