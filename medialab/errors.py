"""The errors a user can meet: each names the wrong value, the right choices and the next step.

Everything raised on purpose is a `MediaLabError`; anything else that escapes is a defect of ours.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Self

# Limits of a message: names that it lists, characters of a wrong value that it repeats.
MOST_LISTED, MOST_SHOWN = 50, 80


class MediaLabError(Exception):
    """An error that the user can fix; its message says how.

    Attributes:
        setting: The name of the setting at fault, for programs; empty if none is known.
        choices: The values that setting may have; empty if they are not a list of names.
        hint: The next step for those who write code; a panel leaves it out.
    """

    setting: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message}; in code: {self.hint}" if self.hint else self.message

    @property
    def message(self) -> str:
        """The error's message without the hint for code."""
        return super().__str__()

    def in_code(self, hint: str) -> Self:
        """Add the next step for those who write code, and return the error itself."""
        self.hint = hint
        return self

    def about(self, setting: str, choices: Iterable[str] = ()) -> Self:
        """Set the setting at fault and its valid values, and return the error itself."""
        self.setting, self.choices = setting, tuple(choices)
        return self

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows below a failed cell: the message alone.

        IPython calls this. The rest of a traceback is our own code; `%debug` still opens it.
        """
        return [f"{type(self).__name__}: {self}"]

    @classmethod
    def among(cls, name: str, kind: str, folder: str, known: Iterable[str]) -> Self:
        """Return the error for an unknown name, listing the known ones.

        Args:
            name: The name that was asked for.
            kind: What it should name, such as "checkpoint"; also the setting at fault.
            folder: Where such things are, as the message names it.
            known: All valid names.
        """
        names = sorted(known)
        error = cls(f"no {kind} {shown(name)} in {folder}; {listed(name, names)}")
        return error.about(kind, names)


def listed(name: str, known: Iterable[str]) -> str:
    """Return "known: a, b, c. Did you mean 'b'?": the valid names in place of a wrong one."""
    names = list(known)
    return f"known: {first_of(names)}{near(name, names) or '.'}"


def first_of(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Return "a, b and 1,000 more": at most so many names, and how many others there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most]) or 'none'}{more}"


def near(name: str, known: Iterable[str]) -> str:
    """Return ". Did you mean 'b'?" for the known name closest to a wrong one, or nothing."""
    if not isinstance(name, str):
        return ""
    by_name = {one.casefold(): one for one in known}
    found = get_close_matches(name[:MOST_SHOWN].casefold(), by_name, n=1)
    return f". Did you mean {by_name[found[0]]!r}?" if found else ""


def shown(value: object) -> str:
    """Return a wrong value for a message: its repr, cut to MOST_SHOWN characters."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its type if it says nothing."""
    said = str(error).strip()
    return said.splitlines()[0].strip() if said else type(error).__name__


class ConfigError(MediaLabError):
    """A setting is missing, unknown or has an invalid value; raised before any model is loaded."""


class ModelNotFoundError(MediaLabError):
    """The models folder holds no model of that name."""


class ModelRefusedError(MediaLabError):
    """A model file exists but cannot be used: a pickle, damaged, or of an unknown format."""


class MissingLibraryError(MediaLabError):
    """An optional library that is needed is not installed; the message says how to install it."""


class PictureError(MediaLabError):
    """A given picture cannot be read, or a requested one does not exist."""


class PictureTooLargeError(PictureError):
    """A given picture has more pixels than are accepted, to protect memory."""


class ArtifactError(MediaLabError):
    """A picture or its sidecar cannot be written or read; no incomplete file is left."""


class RemoteError(MediaLabError):
    """A source in the network cannot be reached, or its answer cannot be used."""


class OfflineError(RemoteError):
    """The network is forbidden by a setting of this machine; nothing was sent."""


class RemoteNotFoundError(RemoteError):
    """The source has no such model, version or file, or has it no longer."""


class AccessError(RemoteError):
    """The source gives this only to some: a token is missing, or has no right to it."""


class DownloadError(RemoteError):
    """A download is not complete; an unfinished `.part` stays where it can be continued."""


class NotesError(MediaLabError):
    """Notes beside a model cannot be written, or not with these values; they are unchanged."""


class ModelMoveError(MediaLabError):
    """A model cannot be renamed, or moved to the bin or back; all its files are where they were."""


class BatchError(MediaLabError):
    """There is no such batch, row or axis; the name is taken; or its files are not usable."""


class LeftOutWarning(UserWarning):
    """Some settings that were read could not be applied; the message says which, and why."""


class CancelledError(MediaLabError):
    """The run was cancelled; models are unchanged, pictures already finished stay saved."""


class QueueStoppedError(CancelledError):
    """The job was not started: the jobs before it failed with the same error, as it would have."""


class WorkbenchClosedError(CancelledError):
    """The job was not queued: the workbench was closed, or made in another process."""


class NotFiniteError(MediaLabError):
    """A stage produced NaN or infinity, in float32 too; no picture is made from it."""


class OutOfMemoryError(MediaLabError):
    """A stage does not fit into memory after all retries; results of earlier stages are cached."""


class WorkerEndedError(MediaLabError):
    """The process that makes the pictures died; those that wait are made by the next one."""


class JobNotFoundError(MediaLabError):
    """The server knows no job of that name, or not any more."""


class TooManyJobsError(MediaLabError):
    """This client has as many jobs waiting as the server allows it."""


class RepeatedKeyError(MediaLabError):
    """A request has the Idempotency-Key of an earlier one, but asks for something else."""


class ServerError(MediaLabError):
    """A studio on a server refused a request, or what answered there is no studio."""


class ServerUnreachableError(ServerError):
    """No server answers at the address."""


class TokenError(ServerError):
    """There is no token for a server, or the server does not know it."""


class JobLostError(ServerError):
    """A server no longer knows a job that it was given."""
