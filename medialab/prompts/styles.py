"""styles.csv: named texts that are added to a prompt and its negative prompt.

Source: behaviour of AUTOMATIC1111 modules/styles.py.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ConfigError
from medialab.prompts.wildcards import MOST_CHARACTERS

_SLOT = "{prompt}"


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
        """Read a CSV file with the columns name, prompt, negative_prompt; no file means no styles.

        Raises:
            ConfigError: the file cannot be read, or lacks a column.
        """
        if not path.is_file():
            return cls({})
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            message = f"{path.name} cannot be read as CSV: {error}"
            raise ConfigError(message) from error
        columns = {"name", "prompt", "negative_prompt"}
        if rows and not columns <= rows[0].keys():
            message = f"{path.name} needs the columns name, prompt, negative_prompt"
            raise ConfigError(message)
        return cls(
            {
                row["name"]: Style(row["prompt"] or "", row["negative_prompt"] or "")
                for row in rows
                if row["name"]
            }
        )

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
            prompt = _with_style(prompt, style.prompt)
            negative_prompt = _with_style(negative_prompt, style.negative_prompt)
            if max(len(prompt), len(negative_prompt)) > MOST_CHARACTERS:
                message = (
                    f"with style {name!r} the prompt has over {MOST_CHARACTERS:,} characters; "
                    "shorten it, or remove a style"
                )
                raise ConfigError(message)
        return prompt, negative_prompt


def _with_style(prompt: str, style: str) -> str:
    if not style:
        return prompt
    if _SLOT in style:
        head, *tails = style.split(_SLOT, MOST_CHARACTERS // max(len(prompt), 1) + 1)
        return prompt.join([head, *tails])
    return ", ".join(part for part in (prompt.strip(), style.strip()) if part)
