"""The door to a studio on a server: pictures are made by the methods of the workbench."""

import base64
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from medialab.batch.sweep import How, Sweep
from medialab.client.batches import RemoteBatch
from medialab.client.connection import Connection
from medialab.client.jobs import RemoteJob
from medialab.client.pictures import RemotePicture, RemoteRun, made_picture
from medialab.config.pipeline import PipelineConfig, as_request
from medialab.errors import ConfigError
from medialab.pictures.intake import normalise
from medialab.pictures.png_writer import png_of
from medialab.process.closing import Closing

TOKEN = "MEDIALAB_TOKEN"  # noqa: S105 - the name of a variable


class Studio(Closing):
    """A studio on a server: makes pictures from configs, as `Workbench` does here.

    Making one asks nothing yet. Every method raises `TokenError` if the token is not the server's,
    `ServerUnreachableError` if there is none at the address, and the server's own errors by the
    names they have here: a `ConfigError` tells the setting and its choices.

    Args:
        address: The server's, such as "http://127.0.0.1:8000" of `make api`, or that of a
            JupyterLab with "/medialab" after it.
        token: The server's; by default the one in the variable MEDIALAB_TOKEN.

    Raises:
        ConfigError: the address is not one.
        TokenError: there is no token.
    """

    def __init__(self, address: str, token: str | None = None) -> None:
        self._connection = Connection(
            address, os.environ.get(TOKEN, "") if token is None else token
        )

    def __repr__(self) -> str:
        return f"Studio({self.address!r})"

    @property
    def address(self) -> str:
        """The server's address."""
        return self._connection.address

    def execute(self, config: PipelineConfig, *, save: bool = True) -> RemoteRun:
        """Make the pictures and wait for them; Ctrl-C cancels the run.

        Args:
            config: The request; a resolved one makes the same pictures again.
            save: Always True: a server saves what it makes.

        Raises:
            MediaLabError: as `Workbench.execute`, and as this class says.
        """
        return _wait_for(self.submit(config, save=save))

    def submit(
        self, config: PipelineConfig, *, save: bool = True, keep_interrupted: bool = False
    ) -> RemoteJob:
        """Queue the request at the server and return at once.

        Args:
            config: The request.
            save: Always True.
            keep_interrupted: Whether to save a cancelled picture as far as it was made.

        Raises:
            MediaLabError: as `Workbench.submit`, and as this class says; nothing is queued.
        """
        _refuse_unsaved(save=save)
        return self._given(
            "generate", as_request(config).model_dump(mode="json"), keep=keep_interrupted
        )

    def enhance(
        self,
        picture: Any,
        config: PipelineConfig | None = None,
        *,
        save: bool = True,
    ) -> RemoteRun:
        """Make a picture from a given one, which is sent along: `execute` with it as the start.

        Args:
            picture: The picture, in any form that `keep` takes.
            config: The settings to work on it with; by default the server enlarges, sharpens and
                balances the colours, and draws nothing.
            save: Always True.

        Raises:
            PictureError: the picture cannot be read.
            MediaLabError: as `execute`.
        """
        _refuse_unsaved(save=save)
        body: dict[str, Any] = {"image": base64.b64encode(_file_of(picture)).decode()}
        if config is not None:
            body["config"] = as_request(config).model_dump(mode="json")
        return _wait_for(self._given("enhance", body))

    def sweep(
        self,
        config: PipelineConfig,
        axes: Mapping[str | tuple[str, ...], Any],
        how: How = "grid",
        *,
        name: str,
        count: int | None = None,
        seed: int = 0,
        metrics: Sequence[str] = (),
    ) -> RemoteBatch:
        """Describe a batch: a picture for every combination of some values; `run` makes them.

        Run again with the same name and settings, it goes on with what is missing.

        Args:
            config: The request that is varied.
            axes: Values by the dotted names of settings, as for `Workbench.sweep`.
            how: "grid", "zip" or "random", as there.
            name: The batch's, and its folder's in the server's outputs/batches.
            count: How many, with "random".
            seed: Of the choice, with "random".
            metrics: What to measure of its pictures, by name.

        Raises:
            ConfigError: a value or a combination is refused; all are told at once.
        """
        sweep = Sweep(as_request(config), axes, how, count=count, seed=seed)
        sweep.check()
        chosen = {"count": count, "seed": seed} if how == "random" else {}
        return RemoteBatch(self._connection, sweep, name, chosen | {"metrics": list(metrics)})

    def keep(self, picture: Any) -> str:
        """Store a picture at the server, and return its name in configs, such as `inpaint.mask`.

        Args:
            picture: An image of PIL; a numpy array, (height, width) or (height, width, 3); the path
                or the content of a picture's file; or a run, of which it is the first picture.

        Raises:
            PictureError: it is not a picture, or is broken or far too large.
        """
        return str(self._connection.send("pictures", _file_of(picture))["picture"])

    def pictures(self, text: str = "", **conditions: Any) -> list[RemotePicture]:
        """Return the saved pictures that meet all conditions, newest first, 100 at most.

        Args:
            text: Words and settings, such as "meadow steps:>20".
            **conditions: `tag`, `lora`, `model`, `seed`, `since` and `until` (days), `stars` (at
                least), `order`, as for `Workbench.find`; `limit` (500 at most) and `offset`.

        Raises:
            MediaLabError: a condition is not possible; the message says what is.
        """
        for name, value in conditions.items():
            if isinstance(value, list | tuple | set):
                message = f"{name}={value!r}: a server is asked for one at a time"
                raise ConfigError(message).about(name)
        found = self._connection.get("pictures", text=text, **conditions)
        return [made_picture(one, self._connection) for one in found["pictures"]]

    def models(self, kind: str | None = None) -> list[Mapping[str, Any]]:
        """Return what the server tells of each file in its models folders.

        Args:
            kind: Such as "checkpoint" or "lora"; None for all.

        Raises:
            ModelNotFoundError: there is no such kind.
        """
        return list(self._connection.get("models", kind=kind)["models"])

    def capabilities(self) -> Mapping[str, Any]:
        """Return the server's versions, its device, the stages, and the choices of each setting."""
        return dict(self._connection.get("capabilities"))

    def job(self, name: str) -> RemoteJob:
        """Return a job by its name, such as one that an earlier kernel submitted.

        Raises:
            JobNotFoundError: the server knows no such job of this token.
        """
        return RemoteJob(self._connection, self._connection.get(f"jobs/{quote(name, safe='')}"))

    def jobs(self) -> list[RemoteJob]:
        """Return the jobs of this token: the running ones, the waiting, then the ended ones."""
        told = self._connection.get("jobs")["jobs"]
        return [RemoteJob(self._connection, one) for one in told]

    def close(self) -> None:
        """Close the connection; jobs at the server go on."""
        self._connection.close()

    def _given(self, path: str, body: Mapping[str, Any], *, keep: bool = False) -> RemoteJob:
        # With a key, the request is one job, even if it is sent twice.
        answer = self._connection.post(path, body, key=uuid4().hex)
        return RemoteJob(self._connection, answer, keeps_interrupted=keep)


def _wait_for(job: RemoteJob) -> RemoteRun:
    """Wait for a job's run and return it, or raise its error; Ctrl-C cancels the job."""
    try:
        return job.result()
    except KeyboardInterrupt:
        job.cancel()
        raise


def _refuse_unsaved(*, save: bool) -> None:
    """Refuse to make a picture that is not saved.

    Raises:
        ConfigError: always, if it shall not be saved.
    """
    if not save:
        message = "save=False: a server saves every picture that it makes; leave `save` out"
        raise ConfigError(message).about("save")


def _file_of(picture: Any) -> bytes:
    """Return a picture as a PNG, upright and in sRGB, as the workbench stores it.

    Raises:
        PictureError: it is not a picture, is damaged or too large.
    """
    if isinstance(picture, RemoteRun):
        picture = picture.image
    return png_of(normalise(picture).image)
