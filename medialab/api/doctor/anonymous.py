"""Texts of other programs, without what tells whose machine this is."""

import getpass
import platform
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# From the word with the first slash to the last slash: folders may have spaces in their names.
_PLACE = re.compile(r"""[^\s'"(<\[=,]*[/\\].*[/\\]|[^\s'"(<\[=,]*[/\\]""")
_LEAST = 3  # letters of a name worth hiding: shorter ones are in every word
_MOST = 200  # characters


def anonymous(text: str, private: Iterable[str] = ()) -> str:
    """Return the first line of a text without paths, the user's name and the computer's.

    File names stay, since they tell which library is meant.

    Args:
        text: What another program or another part of this one says.
        private: Further names to leave out: of this person's models and folders.
    """
    first = next(iter(text.strip().splitlines()), "")
    found = _PLACE.sub("…/", first)
    for name in sorted({*_names(), *filter(None, private)}, key=len, reverse=True):
        found = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", found, flags=re.IGNORECASE)
    return found[:_MOST]


def _names() -> set[str]:
    """Return the names of the user and of the computer, whole and without its domain."""
    host = platform.node()
    names = {host, host.partition(".")[0]}
    with suppress(OSError, KeyError, ImportError):  # no such user in a container
        names.add(getpass.getuser())
    with suppress(RuntimeError):  # no home
        names.add(Path.home().name)
    return {name for name in names if len(name) >= _LEAST}
