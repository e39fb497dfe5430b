"""A batch that a server makes, from a sweep that is checked here."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

from medialab.batch.journal import check_name
from medialab.batch.sweep import Sweep
from medialab.client.connection import Connection
from medialab.client.jobs import RemoteJob
from medialab.client.pictures import RemotePicture
from medialab.errors import BatchError


class RemoteBatch:
    """The pictures of a sweep, under a name, made by a server.

    Args:
        connection: To the server.
        sweep: What to make.
        name: The batch's, and its folder's in the server's outputs/batches.
        asked: What else the server is told of it: `count` and `seed` of a choice, `metrics`.

    Raises:
        BatchError: the name cannot be a folder's.
    """

    def __init__(
        self, connection: Connection, sweep: Sweep, name: str, asked: Mapping[str, Any]
    ) -> None:
        check_name(name)
        self._connection = connection
        self._asked = asked
        self._job: RemoteJob | None = None
        self.name, self.sweep = name, sweep

    def __len__(self) -> int:
        return len(self.sweep)

    def __repr__(self) -> str:
        return f"RemoteBatch({self.name!r}, {len(self)} pictures)"

    @property
    def job(self) -> RemoteJob:
        """Its job at the server, once it was started.

        Raises:
            BatchError: it was not.
        """
        if self._job is None:
            message = f"the batch {self.name!r} was not started; `run` makes its pictures"
            raise BatchError(message)
        return self._job

    @property
    def pictures(self) -> list[RemotePicture]:
        """The pictures that its job has made; errors as `job`."""
        return self.job.pictures

    @property
    def failed(self) -> int:
        """How many of its pictures failed; errors as `job`."""
        return int((self.job.answer.get("batch") or {}).get("failed", 0))

    def start(self) -> RemoteJob:
        """Give the server what is missing of the batch, and return its job at once.

        Raises:
            BatchError: a batch of that name has other settings.
            MediaLabError: a setting is refused by the server; nothing is queued.
        """
        body = {
            "name": self.name,
            "settings": self.sweep.base.model_dump(mode="json", exclude_defaults=True),
            "axes": {axis.name: [*map(dict, axis.points)] for axis in self.sweep.axes},
            "how": self.sweep.how,
            **self._asked,
        }
        answer = self._connection.post("batches", body, key=uuid4().hex)
        self._job = RemoteJob(self._connection, answer)
        return self._job

    def run(self) -> Self:
        """Make every picture that is missing, and return the batch itself; Ctrl-C stops it.

        A picture that fails is counted in `failed`, and the others are made.

        Raises:
            MediaLabError: as `start`, or the job failed.
        """
        job = self.start()
        try:
            error = job.error()
        except KeyboardInterrupt:
            job.cancel()
            raise
        if error is not None:
            raise error
        return self
