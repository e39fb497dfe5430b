"""Start `medialab.worker` in a process that ends with the one that started it, at any moment.

Importing the studio and its libraries takes long on a busy machine. Until that is done nothing is
lost by ending at once, and nobody waits for it: so the pipe from the other process is read from the
first moment, on a thread. This file imports nothing of the studio, and is run by its path; the
arguments after that are for whoever lists processes.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable

_CHUNK = 64 * 2**10  # bytes that are handed on at a time


def watch_input() -> Callable[[], object]:
    """Hand standard input on, and end this process with it; return a function that changes this.

    Once that function is called, the end of the input is handed on, too: what reads it then ends
    this process as it should.
    """
    given = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    is_ready = threading.Event()

    def hand_on() -> None:
        try:
            while content := os.read(given, _CHUNK):
                left = memoryview(content)
                while left:
                    left = left[os.write(writing, left) :]
        except OSError:  # nobody reads any more: this process ends
            pass
        if not is_ready.is_set():
            os._exit(0)  # an import cannot be interrupted
        os.close(writing)

    threading.Thread(target=hand_on, name="medialab-input", daemon=True).start()
    return is_ready.set


def main() -> None:
    """Import the worker and run it, from the folder in which this process was started."""
    # Ctrl-C in a terminal reaches every process in it; the other one says when this is to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_ready = watch_input()
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()  # noqa: PTH109 - as for `python -m`; pathlib takes its time
    from medialab.worker.__main__ import main as work

    work(be_ready)


if __name__ == "__main__":
    main()
