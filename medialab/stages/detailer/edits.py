"""Detections as settings: a person may switch them off, move, reorder and prompt each."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from medialab.errors import ConfigError
from medialab.settings.choices import PromptText
from medialab.settings.fields import Fraction, Picture, StageConfig, Unit
from medialab.settings.validation import explain
from medialab.vision.detections import Detection, as_plain


class DetectionEdit(StageConfig):
    """One detection as a person edited it: its box and mask, whether to repaint it, and how."""

    label: str = Field("", description="What was detected.")
    box: Annotated[tuple[int, int, int, int], Unit("px")] = Field(
        description="Left, top, right, bottom in pixels."
    )
    mask: Picture | None = Field(
        None, description="Its shape, which moves with the box; empty: the whole box."
    )
    confidence: Fraction = Field(1.0, description="How sure the detector was.")
    enabled: bool = Field(True, description="Whether it is repainted.")
    prompt: PromptText | None = Field(
        None, description="Its own prompt; empty: the stage's prompt."
    )
    denoising_strength: Fraction | None = Field(
        None, description="Its own strength; empty: the stage's strength."
    )
    made_for: Picture | None = Field(
        None,
        description="The picture it was detected in; for another picture it is set aside. "
        "Empty: used for any picture.",
    )
    index: int | None = Field(
        None,
        ge=0,
        description="Its number, which decides its seed and its part of the prompt; "
        "empty: its place in the table.",
    )

    @model_validator(mode="after")
    def _box_has_an_inside(self) -> Self:
        left, top, right, bottom = self.box
        if left >= right or top >= bottom:
            message = f"the box {self.box} is empty: it is left, top, right, bottom"
            raise ValueError(message)
        return self

    @classmethod
    def of(cls, detection: Detection, mask: str, made_for: str) -> Self:
        """Return a detection as settings, not edited yet.

        Args:
            detection: the detection.
            mask: the name under which its mask is kept.
            made_for: the name of the picture it was detected in.
        """
        return cls.model_validate(as_plain(detection, mask) | {"made_for": made_for})

    def unbound(self) -> Self:
        """Return the same for any picture."""
        return self.model_copy(update={"made_for": None})


def plain_edits(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return edited detections as values of JSON with every field, from rows of unknown origin.

    Raises:
        ConfigError: a row is none; the message names it by its number, and its field.
    """
    plain = []
    for number, row in enumerate(rows, 1):
        try:
            plain.append(DetectionEdit.model_validate(row).model_dump(mode="json"))
        except ValidationError as error:
            raise ConfigError(f"box {number}: {explain(error, DetectionEdit)}") from error
    return plain


class DetectionTable(tuple[DetectionEdit, ...]):
    """The detections of one detailer in the order in which they are repainted; shown as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the table as text, a line for each detection."""
        cells = [self._heads(), *(self._cells(number) for number in range(len(self)))]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
        return "\n".join(lines) if self else "no detections"

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        if not self:
            return "<p>no detections</p>"
        heads = "".join(f"<th>{head}</th>" for head in self._heads())
        rows = (
            "".join(f"<td>{escape(cell)}</td>" for cell in self._cells(number))
            for number in range(len(self))
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"

    def _heads(self) -> list[str]:
        heads = ["", "label", "confidence", "box", "repaint"]
        heads += ["strength"] if self._has("denoising_strength") else []
        return heads + (["prompt"] if self._has("prompt") else [])

    def _cells(self, number: int) -> list[str]:
        one = self[number]
        strength = "" if one.denoising_strength is None else f"{one.denoising_strength:g}"
        cells = [str(number), one.label, f"{one.confidence:.2f}", str(one.box)]
        cells.append("yes" if one.enabled else "no")
        cells += [strength] if self._has("denoising_strength") else []
        return cells + ([one.prompt or ""] if self._has("prompt") else [])

    def _has(self, field: str) -> bool:
        """Return whether any detection has a value of its own there."""
        return any(getattr(one, field) is not None for one in self)
