"""The one boundary around libraries that open foreign files.

Inside it nothing unpickles, nothing connects, nothing is said into somebody's cell, and every fault
is a named error. Configs are read, and refused, before any library sees them
(`medialab.files.part_configs`); the doors here are for what slips through.
"""

import logging
import socket
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from medialab.errors import MediaLabError, ModelRefusedError, first_line
from medialab.files.pickles import PICKLE_SUFFIXES, refusal, refusing_pickles
from medialab.process.gates import Gates
from medialab.process.memory import is_out_of_memory

# Whose words and bars are not shown while they open a file.
_TALKATIVE = ("accelerate", "diffusers", "huggingface_hub", "peft", "timm", "transformers")


@contextmanager
def opening(what: str, advice: str = "") -> Iterator[None]:
    """While it lasts a library reads `what`: no pickle, no network, in silence.

    Raises:
        ModelRefusedError: whatever went wrong, by the name of `what`; it ends with the `advice`.
            Running out of memory is no fault of a file, and raised as it is.
    """
    try:
        with ExitStack() as doors:
            doors.enter_context(refusing_pickles())
            doors.enter_context(_CONNECTING.shut())
            doors.enter_context(_HUB.held())
            doors.enter_context(_QUIET.held())
            yield
    except ModelRefusedError as error:
        if what in str(error):
            raise
        raise ModelRefusedError(f"{what} cannot be loaded: {error}") from error
    except MediaLabError:
        raise
    # Broad, since the libraries raise errors of every kind for files that are not what they say to
    # be, plain Exception among them (tokenizers).
    except Exception as error:
        if is_out_of_memory(error):
            raise
        message = f"{what} cannot be loaded: {first_line(error)}{advice}"
        raise ModelRefusedError(message) from error


@contextmanager
def quietly() -> Iterator[None]:
    """While it lasts no library draws bars, logs advice or warns; for making what was opened."""
    with _QUIET.held():
        yield


def check_file(path: Path, told: str | None = None) -> None:
    """Refuse what is no regular file (a FIFO, a device, a link in a circle), or is not there.

    Opening a FIFO waits for ever. `told` is how the message calls it.

    Raises:
        ModelRefusedError: it is none.
    """
    name = told or f"{path.parent.name}/{path.name}"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise ModelRefusedError(f"{name} is missing; copy the model again") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelRefusedError(f"{name} cannot be read: {reason}") from error
    if not stat.S_ISREG(mode):
        raise ModelRefusedError(f"{name} is not a regular file; put the model's own file there")


def refuse_pickle(path: Path) -> None:
    """Refuse a file whose ending says that it is a pickle."""
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelRefusedError(refusal(path.name))


class _Held:
    """A state of the process that lasts while at least one thread is inside.

    `begin` brings it about and gives what takes it back.
    """

    def __init__(self, begin: Callable[[], Callable[[], None]]) -> None:
        self._begin = begin
        self._changing = threading.Lock()
        self._inside = 0
        self._end: Callable[[], None] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it, the state lasts."""
        with self._changing:
            if not self._inside:
                self._end = self._begin()
            self._inside += 1
        try:
            yield
        finally:
            with self._changing:
                self._inside -= 1
                if not self._inside and self._end is not None:
                    self._end()
                    self._end = None


def _shut_hub() -> Callable[[], None]:
    """Let every door of the Hugging Face hub raise before it reaches for the network."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True

    def end() -> None:
        constants.HF_HUB_OFFLINE = before

    return end


def _be_quiet() -> Callable[[], None]:
    """Loaders draw bars and log advice where they stand: in a notebook, in somebody else's cell.

    What matters of it is checked afterwards and raised.
    """
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    libraries = (diffusers_logging, transformers_logging)
    bars = [one for one in libraries if one.is_progress_bar_enabled()]
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [(logger, logger.level) for logger in loggers]
    taken_back = ExitStack()
    taken_back.enter_context(warnings.catch_warnings())
    for one in bars:
        one.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    for name in _TALKATIVE:
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")

    def end() -> None:
        for one in bars:
            one.enable_progress_bar()
        for logger, level in levels:
            logger.setLevel(level)
        taken_back.close()

    return end


def _connecting() -> Iterator[tuple[Any, str]]:
    yield from ((socket, "getaddrinfo"), (socket, "create_connection"))
    yield from ((socket.socket, "connect"), (socket.socket, "connect_ex"))


def _refused(name: str) -> ModelRefusedError:
    message = f"it tries to use the network ({name}), and models are loaded from this machine only"
    return ModelRefusedError(message)


_CONNECTING = Gates(_connecting, _refused)
_HUB = _Held(_shut_hub)
_QUIET = _Held(_be_quiet)
