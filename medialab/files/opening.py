"""The guard around libraries that open foreign files.

Inside it no pickle is loaded, no network connection is made, nothing is printed into the user's
cell, and every failure becomes a named error. Configs are checked before any library reads them
(`medialab.files.part_configs`); this guard is for whatever passes those checks.
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

# Libraries whose log messages and progress bars are hidden while they open a file.
_TALKATIVE = ("accelerate", "diffusers", "huggingface_hub", "peft", "timm", "transformers")


@contextmanager
def opening(what: str, advice: str = "") -> Iterator[None]:
    """Guard a library's loading of a file for the block: no pickles, no network, no output.

    Args:
        what: The file's name in messages.
        advice: Text at the end of the message about a failure.

    Raises:
        ModelRefusedError: anything failed. Running out of memory is not the file's fault, so that
            error is raised unchanged.
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
    # Broad, since for malformed files the libraries raise errors of every kind, plain Exception
    # among them (tokenizers).
    except Exception as error:
        if is_out_of_memory(error):
            raise
        message = f"{what} cannot be loaded: {first_line(error)}{advice}"
        raise ModelRefusedError(message) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Silence libraries' progress bars, logs and warnings for the block."""
    with _QUIET.held():
        yield


def check_file(path: Path, shown: str | None = None) -> None:
    """Check that a path is a regular file, since opening a FIFO would wait for ever.

    Args:
        path: The file.
        shown: Its name in messages; by default the last folder and the name.

    Raises:
        ModelRefusedError: it does not exist or is something else (a FIFO, a device, a link to
            itself).
    """
    name = shown or f"{path.parent.name}/{path.name}"
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
    """Refuse a file with a pickle's extension.

    Raises:
        ModelRefusedError: it has one; the message says what to do.
    """
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelRefusedError(refusal(path.name))


class _SharedState:
    """A state of the process that lasts while at least one thread is inside `held`.

    Args:
        begin: Establishes the state, and returns the function that ends it.
    """

    def __init__(self, begin: Callable[[], Callable[[], None]]) -> None:
        self._begin = begin
        self._changing = threading.Lock()
        self._inside = 0
        self._end: Callable[[], None] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the state for the block."""
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
    """Put the Hugging Face hub into offline mode."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True

    def end() -> None:
        constants.HF_HUB_OFFLINE = before

    return end


def _be_quiet() -> Callable[[], None]:
    """Silence the libraries, which would print bars and advice into the user's current cell.

    Problems that they would log are checked afterwards and raised.
    """
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    libraries = (diffusers_logging, transformers_logging)
    bars = [one for one in libraries if one.is_progress_bar_enabled()]
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [(logger, logger.level) for logger in loggers]
    undo = ExitStack()
    undo.enter_context(warnings.catch_warnings())
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
        undo.close()

    return end


def _connecting() -> Iterator[tuple[Any, str]]:
    yield from ((socket, "getaddrinfo"), (socket, "create_connection"))
    yield from ((socket.socket, "connect"), (socket.socket, "connect_ex"))


def _refused(name: str) -> ModelRefusedError:
    message = f"it tries to use the network ({name}), and models are loaded from this machine only"
    return ModelRefusedError(message)


_CONNECTING = Gates(_connecting, _refused)
_HUB = _SharedState(_shut_hub)
_QUIET = _SharedState(_be_quiet)
