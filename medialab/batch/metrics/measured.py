"""The metrics of a batch's pictures, kept in its folder.

    outputs/batches/<name>/metrics.jsonl   what is asked for, and a line for each picture's values
    outputs/batches/<name>/references/     pictures that others are compared with

A value is kept under the picture's SHA-256, so that a picture that is made again is measured again
only if it differs. Lines that cannot be read are of no picture: what they held is measured again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from medialab.batch.metrics import METRICS, Subject, Value
from medialab.batch.metrics.asked import Asked, Registry, read_metrics, scorer_of
from medialab.errors import ArtifactError, BatchError, CancelledError
from medialab.pictures.intake import normalise
from medialab.pictures.store import PictureStore
from medialab.prompts import without_tags


class Picture(NamedTuple):
    """A picture to measure: its file, the SHA-256 of that, and its prompt."""

    path: Path
    sha256: str
    prompt: str


class Measured:
    """The metrics of one batch.

    Args:
        folder: The batch's folder.
        registry: The models that some metrics need.
    """

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.file = folder / "metrics.jsonl"
        self._references = PictureStore(folder / "references")
        self._registry = registry
        self.asked: list[Asked] = []
        self._values: dict[str, dict[str, Value]] = {}
        self._read()

    def ask(self, metrics: Any) -> None:
        """Ask for metrics, besides those that were asked for before; see `read_metrics`.

        Raises:
            MediaLabError: as `read_metrics`; nothing is asked for then.
            BatchError: that cannot be written down.
        """
        check_metrics(metrics, self._registry)
        asked = read_metrics(metrics, self._references.keep, self._registry)
        known = {one.name: one for one in self.asked} | {one.name: one for one in asked}
        if [*known.values()] != self.asked:
            self.asked = [*known.values()]
            self._append({"asked": [asdict(one) for one in self.asked]})

    def measure(
        self, pictures: Iterable[Picture], is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        """Measure what is missing of pictures, and write it down, one picture after another.

        Args:
            pictures: The pictures.
            is_cancelled: Asked before each of them that lacks a value.

        Raises:
            CancelledError: it was cancelled; what was measured by then is kept.
            MediaLabError: a model is no longer there, or fails.
            ArtifactError: a picture cannot be read.
            BatchError: the values cannot be written.
        """
        subjects: dict[str, Subject] = {}
        for one in pictures:
            missing = self._missing(one.sha256)
            if not missing:
                continue
            if is_cancelled():
                message = "the batch was stopped while its pictures were measured; run it again to "
                raise CancelledError(message + "measure the others")
            image = _opened(one.path)
            found = {}
            for asked in missing:
                if asked.key not in subjects:
                    subjects[asked.key] = self._subject(asked)
                about = subjects[asked.key]
                subject = Subject(without_tags(one.prompt), about.reference, about.scorer)
                found[asked.key] = METRICS[asked.name].measure(image, subject)
            self._append({"sha256": one.sha256, "values": found})
            self._values[one.sha256] = {**self._values.get(one.sha256, {}), **found}

    def lacking(self, sha256s: Iterable[str]) -> int:
        """Return how many of these pictures lack a value that is asked for."""
        return sum(bool(self._missing(sha256)) for sha256 in set(sha256s))

    def columns(self, sha256s: Sequence[str | None]) -> dict[str, list[Value | None]]:
        """Return the values of pictures by the metrics' names; None for what is not measured."""
        return {
            asked.name: [self._values.get(sha256 or "", {}).get(asked.key) for sha256 in sha256s]
            for asked in self.asked
        }

    def _missing(self, sha256: str) -> list[Asked]:
        there = self._values.get(sha256, {})
        return [asked for asked in self.asked if asked.key not in there]

    def _subject(self, asked: Asked) -> Subject:
        reference = self._references.load(asked.reference) if asked.reference else None
        return Subject(
            reference=None if reference is None else reference.convert("RGB"),
            scorer=scorer_of(asked, self._registry),
        )

    def _read(self) -> None:
        try:
            lines = self.file.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise BatchError(f"{self.file.name} cannot be read ({error.strerror})") from error
        for line in lines:
            with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
                self._take(json.loads(line))

    def _take(self, entry: Mapping[str, Any]) -> None:
        if "asked" in entry:
            # Another process may have asked for others at the same moment: none is taken back.
            asked = [Asked(**one) for one in entry["asked"] if one["name"] in METRICS]
            known = {one.name: one for one in self.asked} | {one.name: one for one in asked}
            self.asked = [*known.values()]
        else:
            self._values.setdefault(str(entry["sha256"]), {}).update(entry["values"])

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            with self.file.open("a+b") as file:
                if file.tell() and not _ends_with_line(self.file):
                    line = b"\n" + line  # after what a killed process has left
                file.write(line)
        except OSError as error:
            message = f"{self.file.name} cannot be written ({error.strerror}); free the disk or "
            raise BatchError(message + "change its permissions") from error


def check_metrics(metrics: Any, registry: Registry) -> None:
    """Refuse metrics that cannot be measured; nothing is written.

    Raises:
        MediaLabError: as `read_metrics`.
    """

    def checked(picture: Any) -> str:
        normalise(picture)
        return ""

    read_metrics(metrics, checked, registry)


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise ArtifactError(f"{path.name} cannot be measured: it is no readable picture") from error


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
