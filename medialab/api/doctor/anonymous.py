"""Texts of other programs, without what tells whose machine this is."""

import getpass
import platform
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# From the word with the first slash to the last slash: folders may have spaces in their names.
_PLACE = re.compile(r"""[^\s'"(<\[=,]*[/\\].*[/\\]|[^\s'"(<\[=,]*[/\\]""")
# Files whose names stay, since they tell which library is meant.
_LIBRARY = re.compile(r"[\w.+-]+\.(?:so|dll|dylib|pyd|py)\b")
_NAME = re.compile(r"""[^'")>\],:;]*""")  # which may have spaces
_QUOTES = frozenset("'\"")
_LEAST = 3  # letters of a name worth hiding: shorter ones are in every word
_MOST = 200  # characters


def anonymous(text: str, private: Iterable[str] = ()) -> str:
    """Return the first line of a text without paths, the user's name and the computer's.

    Of a path the name of a library's file stays; that of another file, or of a folder, does not.

    Args:
        text: What another program or another part of this one says.
        private: Further names to leave out: of this person's models and folders.
    """
    first = next(iter(text.strip().splitlines()), "")
    found = _without_place(first)
    for name in sorted({*_names(), *filter(None, private)}, key=len, reverse=True):
        found = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", found, flags=re.IGNORECASE)
    return found[:_MOST]


def _without_place(text: str) -> str:
    """Return a line without what begins with its first path and ends with its last one."""
    if (place := _PLACE.search(text)) is None:
        return text
    before, rest = text[: place.start()], text[place.end() :]
    if not _LIBRARY.match(rest):
        quote = before[-1:]
        is_quoted = quote in _QUOTES and quote in rest
        rest = rest[rest.index(quote) :] if is_quoted else _NAME.sub("", rest, count=1)
    return f"{before}…/{rest}"


def _names() -> set[str]:
    """Return the names of the user and of the computer, whole and without its domain."""
    host = platform.node()
    names = {host, host.partition(".")[0]}
    with suppress(OSError, KeyError, ImportError):  # no such user in a container
        names.add(getpass.getuser())
    with suppress(RuntimeError):  # no home
        names.add(Path.home().name)
    return {name for name in names if len(name) >= _LEAST}
