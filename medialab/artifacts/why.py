"""What explains that two pictures differ, as data and in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from medialab.config.pipeline import PipelineConfig

Kind = Literal["interrupted", "setting", "model", "file", "stage", "device", "version"]


class Reason(NamedTuple):
    """One difference between two pictures that explains, or may explain, that they differ.

    Attributes:
        kind: "setting", "model" (another file), "file" (changed since it was saved), "stage" (its
            code is another version), "device" (with precision, processor and threads), "version"
            (of a library), or "interrupted".
        name: The setting's dotted name, or that of the model, the library or the stage.
        one: The value of the first picture; None if it has none.
        other: That of the second.
        sentence: The same in a sentence.
    """

    kind: Kind
    name: str
    one: Any
    other: Any
    sentence: str


@dataclass(frozen=True)
class Made:
    """How a picture was made, as far as it is known.

    Attributes:
        name: What it is called in sentences.
        config: Its settings.
        record: Its record; empty if it is not known.
        sha256: Of its file now; "" if it has none.
        saved_sha256: Of its file when it was saved; "" if that is not known.
    """

    name: str
    config: PipelineConfig
    record: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    saved_sha256: str = ""


@dataclass(frozen=True)
class Why:
    """Why two pictures differ; `print` it for sentences.

    Attributes:
        names: What the two are called.
        reasons: What differs between them, the most telling first.
        same: What was compared and is equal.
        unknown: What is not known of one of them, and so could not be compared.
        first_stage: Title of the first stage whose pictures differ; "" if it is not known.
        are_equal: Whether the two pictures are equal; None if it is not known.
    """

    names: tuple[str, str]
    reasons: tuple[Reason, ...]
    same: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    first_stage: str = ""
    are_equal: bool | None = None

    @property
    def sentences(self) -> list[str]:
        """All of it in sentences."""
        found = [one.sentence for one in self.reasons]
        if not found:
            found.append(
                "Nothing that is known of them differs."
                if self.are_equal is not False
                else "The two pictures differ, but nothing that is known of them does."
            )
        if self.are_equal:
            found.insert(0, "The two pictures are equal.")
        elif self.first_stage:
            found.append(f"The first stage whose pictures differ is {self.first_stage}.")
        if self.same:
            found.append(f"Not different: {', '.join(self.same)}.")
        if self.unknown:
            found.append(f"Not known of both: {', '.join(self.unknown)}.")
        return found

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__
