"""Undoes what quoting, copying and other programs do to an infotext as a whole.

Web pages quote it, fence it and set its labels in bold; exiftool writes dots for line ends, people
make a list of it, or write it with the punctuation of other languages.
"""

import re
from collections.abc import Iterator

_BOLD_LABEL = re.compile(
    r"^\*\*((?:(?:positive |negative )?prompt|settings|parameters)\s?:)\*\*\s*", re.IGNORECASE
)
# Where a line began before exiftool, a web page or copying removed the line ends.
_LOST_LINE = re.compile(
    r"(?:\.|\s|<br\s?/?>|\\n)(?=(?:negative\s(?:prompt|template)|(?<!negative )template|time taken"
    r"|steps)\s?:)",
    re.IGNORECASE,
)
# Substitutes for commas or colons: a list's bars, punctuation of other languages.
_OTHER_SIGNS = re.compile(r"\s\|\s|;(?=\s)|[\uff1a\uff0c=]")
_SIGNS = {"=": ": ", "\uff1a": ": ", "\uff0c": ", "}
_BULLET = re.compile(r"^[ \t]*[-*\u2022][ \t]+(?=\w[\w ]{0,30}:)", re.MULTILINE)
_SIGNED_LINE = re.compile(r"\s*(?:steps|negative\sprompt)\s{0,3}[:=\uff1a]", re.IGNORECASE)


def unquoted(lines: list[str]) -> list[str]:
    """Return the lines without a web page's markup: quoted by ">", fenced, or labels in bold."""
    if all(line.startswith(">") for line in lines if line):
        lines = [line.removeprefix(">").strip() for line in lines]
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1] == "```":
        lines = lines[1:-1]
    if len(lines) > 1 and lines[0][:1] == '"' == lines[-1][-1:] and lines[-1].count('"') % 2:
        lines = [lines[0][1:], *lines[1:-1], lines[-1][:-1]]
    return [_BOLD_LABEL.sub(r"\1 ", line) for line in lines]


def _with_line_ends(text: str) -> str:
    return _LOST_LINE.sub("\n", text)


def _without_bullets(text: str) -> str:
    return _BULLET.sub("", text)


def _with_signs(text: str) -> str:
    """Return the text with A1111's punctuation in the lines that begin like parameters."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if (begun := _SIGNED_LINE.match(line)) is None:
            continue
        # In a negative prompt only the label changes, not its words.
        most = 0 if begun[0].strip().casefold().startswith("steps") else 1
        end = begun.end() if most else len(line)
        head = _OTHER_SIGNS.sub(lambda sign: _SIGNS.get(sign[0], ", "), line[:end], count=most)
        lines[number] = head + line[end:]
    return "\n".join(lines)


# Ways in which a text may have been changed: how to undo it, and the note.
_RESTORED = (
    (_with_line_ends, "its line breaks were lost; those before known labels were restored"),
    (_without_bullets, "its items were in a bulleted list"),
    (_with_signs, "its items were separated by characters other than commas and colons"),
)


def restorations(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text as it may have been before it was copied, with a note that says what was done.

    Ways that change nothing are passed over.
    """
    for restore, note in _RESTORED:
        if (restored := restore(text)) != text:
            yield restored, note
