"""The errors a user can meet: each names the wrong value, the right choices and the next step.

Everything raised on purpose is a `MediaLabError`; anything else that escapes is a defect of ours.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


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
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(names) or "none"
        error = cls(f"no {kind} {name!r} in {folder}; known: {listed}.{hint}")
        return error.about(kind, names)


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


class CancelledError(MediaLabError):
    """The run was cancelled; models are as they were, pictures finished before it are kept."""


class NotFiniteError(MediaLabError):
    """A stage computed NaN or infinity, in float32 too; no picture is made of it."""


class OutOfMemoryError(MediaLabError):
    """There is no room for a stage whatever was tried; those before it are kept."""
