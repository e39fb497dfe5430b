"""A job of a server: waited for, cancelled, and followed event by event."""

import base64
import time
from binascii import Error as NoBase64Error
from collections.abc import Iterator, Mapping
from functools import cached_property
from io import BytesIO
from typing import Any, cast

from PIL import Image

from medialab.client.connection import Connection, error_of, event_data
from medialab.client.pictures import RemotePicture, RemoteRun, made_picture, run_of
from medialab.errors import (
    BatchError,
    CancelledError,
    JobLostError,
    JobNotFoundError,
    MediaLabError,
    ServerError,
    ServerUnreachableError,
)
from medialab.process.events import Event, Kind
from medialab.process.jobs import State

ENDS = frozenset({"done", "failed", "cancelled"})
_TOLD = ("stage", "step", "steps", "image", "images", "seconds", "told")
# Seconds between two looks at a job: a tenth of the time waited so far, within these.
_SHORTEST, _LONGEST = 0.05, 1.0
_MOST_BREAKS = 3  # of a stream of events, without an event in between
_PAUSE = 1.0  # seconds after a break


class RemoteJob:
    """A request that a server was given: its state, its run, and the way to stop it.

    Args:
        connection: To the server.
        answer: The server's answer about it.
        keeps_interrupted: Whether a cancelled picture is saved as far as it was made.
    """

    def __init__(
        self, connection: Connection, answer: Mapping[str, Any], *, keeps_interrupted: bool = False
    ) -> None:
        if not isinstance(answer, Mapping) or not {"name", "state"} <= answer.keys():
            message = f"{connection.address} answers with no job, as an older studio or none would"
            raise ServerError(message)
        self._connection = connection
        self._answer = answer
        self._keeps = keeps_interrupted
        self._is_final = False  # whether the answer is the last one, and whole
        self.name = str(answer["name"])
        self.label = str(answer.get("label", ""))

    def __repr__(self) -> str:
        return f"RemoteJob({self.name!r}, {self._answer['state']})"

    @property
    def state(self) -> State:
        """Its state now: "queued", "running", or how it ended; errors as `result`."""
        return cast("State", self._now()["state"])

    @property
    def seconds(self) -> float:
        """Seconds that it has been made so far, or was; 0 before."""
        return float(self._now().get("seconds", 0))

    @property
    def progress(self) -> Mapping[str, Any]:
        """How far it is: `stage`, `step` of `steps`, `image` of `images`."""
        return dict(self._now().get("progress") or {})

    @property
    def answer(self) -> Mapping[str, Any]:
        """All that the server tells of it now."""
        return self._now()

    @property
    def pictures(self) -> list[RemotePicture]:
        """The pictures that it has made; errors as `result`."""
        return [made_picture(one, self._connection) for one in self._now().get("pictures") or ()]

    def cancel(self, *, keep: bool = False) -> None:
        """Stop at the next step; a waiting job is removed at once, one that ended left as it is.

        Args:
            keep: Save the picture as far as it was made.

        Raises: as `result`.
        """
        self._take(self._asked("DELETE", keep=str(keep or self._keeps).lower()))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended (None for ever), and return whether it has.

        Raises: as `result`, but for the job's own error.
        """
        began = time.monotonic()
        while self._now()["state"] not in ENDS:
            waited = time.monotonic() - began
            pause = min(max(waited / 10, _SHORTEST), _LONGEST)
            if seconds is not None:
                if waited >= seconds:
                    return False
                pause = min(pause, seconds - waited)
            time.sleep(pause)
        return True

    def result(self, timeout: float | None = None) -> RemoteRun:
        """Wait (seconds; None for ever) and return the run, or raise the error it failed with.

        Raises:
            TimeoutError: it has not ended by then.
            JobLostError: the server was restarted, or ended the job long ago.
            ServerUnreachableError: the server does not answer.
            MediaLabError: the job's own.
        """
        error = self.error(timeout)
        if error is not None:
            raise error
        return self._run

    def error(self, timeout: float | None = None) -> MediaLabError | None:
        """Wait likewise and return the error it failed with; None when it succeeded."""
        if not self.wait(timeout):
            message = f"{self.name} has not ended within {timeout:g} s"
            raise TimeoutError(message)
        return self._failure(self._answer)

    def events(self) -> Iterator[Event]:
        """Yield what happens to it, from its beginning to its end: for progress and previews.

        Of steps that came before this was called, the newest only may be told. The last event has
        the run or the error. A connection that breaks is opened again.

        Raises: as `result`, but for the job's own error.
        """
        last, breaks = "0", 0
        while True:
            try:
                with self._connection.lines(
                    f"jobs/{self.name}/events", {"Last-Event-ID": last}
                ) as lines:
                    for number, kind, data in _events_in(lines):
                        last, breaks = number or last, 0
                        yield self._event(kind, data)
                        if kind in ENDS:
                            return
                if self._now()["state"] in ENDS:  # and its end was told before
                    return
            except JobNotFoundError as error:
                raise self._lost() from error
            except ServerUnreachableError:
                breaks += 1
                if breaks > _MOST_BREAKS:
                    raise
            time.sleep(_PAUSE)

    @cached_property
    def _run(self) -> RemoteRun:
        if self._answer.get("kind") == "batch":
            message = f"{self.name} is a batch, which has no run; look at its `pictures`"
            raise BatchError(message)
        return run_of(self._answer, self._connection)

    def _now(self) -> Mapping[str, Any]:
        """Return the server's answer about it; one that has ended changes no more."""
        if not self._is_final:
            self._take(self._asked("GET"))
        return self._answer

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._answer, self._is_final = answer, answer["state"] in ENDS

    def _asked(self, method: str, **query: Any) -> Mapping[str, Any]:
        ask = self._connection.get if method == "GET" else self._connection.delete
        try:
            return cast("Mapping[str, Any]", ask(f"jobs/{self.name}", **query))
        except JobNotFoundError as error:
            raise self._lost() from error

    def _lost(self) -> JobLostError:
        return JobLostError(
            f"{self._connection.address} no longer knows {self.name} ({self.label!r}): it was "
            "started anew since, or the job ended long ago; submit the request again: with the "
            "same seed it gives the same picture"
        )

    def _failure(self, answer: Mapping[str, Any]) -> MediaLabError | None:
        told = answer.get("error")
        if isinstance(told, Mapping):
            return error_of(told)
        if answer["state"] == "done":
            return None
        return CancelledError(f"{self.name} was cancelled; the unfinished picture is discarded")

    def _event(self, kind: str, data: Mapping[str, Any]) -> Event:
        told = {name: data[name] for name in _TOLD if name in data}
        error = self._failure(self._now()) if kind in ENDS else None
        return Event(
            cast("Kind", kind),
            self.name,
            **told,
            draws=lambda: _preview(data.get("preview")),
            result=self._run if kind == "done" and self._answer.get("config") else None,
            error=error,
        )


def _events_in(lines: Iterator[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the number, the kind and the data of each server-sent event.

    Source: the HTML standard, 9.2.6, without what this server never sends (`retry`).
    """
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        else:
            if "event" in fields:
                yield fields.get("id", ""), fields["event"], event_data(fields.get("data", ""))
            fields = {}


def _preview(text: Any) -> Image.Image | None:
    """Return the picture of a step; None if there is none, or it is damaged."""
    if not isinstance(text, str):
        return None
    try:
        preview = Image.open(BytesIO(base64.b64decode(text)))
        preview.load()
    except (OSError, ValueError, NoBase64Error):
        return None
    return preview
