"""styles.csv: named texts that are added to a prompt and its negative prompt.

Source: behaviour of AUTOMATIC1111 modules/styles.py.
"""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.prompts.wildcards import MOST_CHARACTERS

_SLOT = "{prompt}"
_MOST_BYTES = 64 * 2**20


class Style(NamedTuple):
    """The texts that a style adds to both prompts; `{prompt}` in one marks the prompt's place."""

    prompt: str
    negative_prompt: str


@dataclass(frozen=True)
class Styles:
    """Named styles, in the format of A1111's styles.csv."""

    known: Mapping[str, Style]

    @classmethod
    def load(cls, path: Path) -> "Styles":
        """Read a CSV file as `read_styles` does; no file means no styles.

        Raises:
            ConfigError: the file cannot be read, is too large, or lacks a column.
        """
        if not path.is_file():
            return cls({})
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            message = f"{path.name} cannot be read: {error.strerror or error}"
            raise ConfigError(message) from error
        if len(content) > _MOST_BYTES:
            message = f"{path.name} has over {_MOST_BYTES // 2**20} MiB; remove some styles"
            raise ConfigError(message)
        return cls(read_styles(content, path.name))

    def merge(self, prompt: str, negative_prompt: str, names: Sequence[str]) -> tuple[str, str]:
        """Return the prompt and the negative prompt with the named styles applied in turn.

        Raises:
            ConfigError: a style does not exist (the message lists those that do), or a prompt
                grows beyond MOST_CHARACTERS.
        """
        for name in names:
            if name not in self.known:
                raise ConfigError.among(name, "style", "models/styles.csv", self.known)
            style = self.known[name]
            prompt = with_style(prompt, style.prompt)
            negative_prompt = with_style(negative_prompt, style.negative_prompt)
            if max(len(prompt), len(negative_prompt)) > MOST_CHARACTERS:
                message = (
                    f"with style {name!r} the prompt has over {MOST_CHARACTERS:,} characters; "
                    "shorten it, or remove a style"
                )
                raise ConfigError(message)
        return prompt, negative_prompt


def read_styles(content: bytes, what: str) -> dict[str, Style]:
    """Return the styles in a CSV file with the columns name, prompt, negative_prompt.

    As in A1111: a byte order mark is passed over, a text may have several lines, of two styles of
    one name the later counts, and the older column `text` stands for `prompt`. Text that is not
    UTF-8 is read as Windows writes it.

    Args:
        content: The file's content.
        what: What the file is called in messages.

    Raises:
        ConfigError: it is not CSV, or lacks a column.
    """
    try:
        reader = csv.DictReader(io.StringIO(_text_of(content), newline=""))
        known, rows = set(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{what} cannot be read as CSV: {error}"
        raise ConfigError(message) from error
    if known and not ("name" in known and {"prompt", "text"} & known):
        message = f"{what} needs the columns name, prompt, negative_prompt"
        raise ConfigError(message)
    return {
        row["name"].strip(): Style(
            row.get("prompt") or row.get("text") or "", row.get("negative_prompt") or ""
        )
        for row in rows
        if row["name"] and row["name"].strip()
    }


def _text_of(content: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def with_style(prompt: str, style: str) -> str:
    """Return a prompt with a style's text: around it at `{prompt}`, else after a comma."""
    if not style:
        return prompt
    if _SLOT in style:
        head, *tails = style.split(_SLOT, MOST_CHARACTERS // max(len(prompt), 1) + 1)
        return prompt.join([head, *tails])
    return ", ".join(part for part in (prompt.strip(), style.strip()) if part)
