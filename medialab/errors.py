"""The errors a user can meet: each names the wrong value, the right choices and the next step.

Everything raised on purpose is a `MediaLabError`; anything else that escapes is a defect of ours.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

# Names that an error lists, and characters of a wrong value that it tells back.
MOST_LISTED, MOST_SHOWN = 50, 80


class MediaLabError(Exception):
    """A fault that the person at the keyboard can mend; its text says how.

    `setting` and `choices` say to a program which setting is wrong and what it may be, where that
    is known.
    """

    setting: str = ""
    choices: tuple[str, ...] = ()

    def about(self, setting: str, choices: Iterable[str] = ()) -> Self:
        """The same error with what a program wants to know of it."""
        self.setting, self.choices = setting, tuple(choices)
        return self

    @classmethod
    def among(cls, name: str, kind: str, folder: str, known: Iterable[str]) -> Self:
        """The error for a `name` that is not among the `known` ones of its kind."""
        names = sorted(known)
        error = cls(f"no {kind} {shown(name)} in {folder}; {listed(name, names)}")
        return error.about(kind, names)


def listed(name: str, known: Iterable[str]) -> str:
    """Return "known: a, b, c. Did you mean 'b'?": what there is in place of a wrong name."""
    names = list(known)
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return f"known: {', '.join(names[:MOST_LISTED]) or 'none'}{more}{near(name, names) or '.'}"


def near(name: str, known: Iterable[str]) -> str:
    """Return ". Did you mean 'b'?" for the known name that a wrong one is most like, or nothing."""
    by_name = {one.casefold(): one for one in known}
    found = get_close_matches(name[:MOST_SHOWN].casefold(), by_name, n=1)
    return f". Did you mean {by_name[found[0]]!r}?" if found else ""


def shown(value: object) -> str:
    """Return a wrong value as an error tells it back: its beginning, in quotes if it is text."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


class ConfigError(MediaLabError):
    """A setting has a value that nothing can be made from; raised before any model is loaded."""


class ModelNotFoundError(MediaLabError):
    """No model of that name is in the models folder."""


class ModelRefusedError(MediaLabError):
    """A model file is there but is not opened: a pickle, a broken or a foreign file."""


class MissingLibraryError(MediaLabError):
    """A library that this needs is not installed; the message says how to install it."""


class PictureError(MediaLabError):
    """A picture that was given cannot be read, or one that is asked for is not there."""


class PictureTooLargeError(PictureError):
    """A picture that was given has more pixels than memory should be spent on."""


class ArtifactError(MediaLabError):
    """A picture or its sidecar could not be written or read; nothing half-written is left."""


class LeftOutWarning(UserWarning):
    """Some of the settings that were read were not taken over; the text says which, and why."""


class CancelledError(MediaLabError):
    """The run was cancelled; models are as they were, pictures finished before it are kept."""


class QueueStoppedError(CancelledError):
    """The job was not begun: those before it failed, each of the same, as it would have."""


class NotFiniteError(MediaLabError):
    """A stage computed NaN or infinity, in float32 too; no picture is made of it."""


class OutOfMemoryError(MediaLabError):
    """There is no room for a stage whatever was tried; those before it are kept."""
