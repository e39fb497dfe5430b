"""Errors in words for a person with a mouse: labels in place of the names that code uses."""

import re
from collections.abc import Mapping

from pydantic import ValidationError

from medialab import PipelineConfig
from medialab.errors import (
    ArtifactError,
    CancelledError,
    ConfigError,
    MediaLabError,
    MissingLibraryError,
    ModelNotFoundError,
    ModelRefusedError,
    NotFiniteError,
    OutOfMemoryError,
    PictureError,
    QueueStoppedError,
    first_of,
)
from medialab.listing.info import kind_in_words
from medialab.settings.fields import StageConfig
from medialab.settings.validation import faults_of
from medialab.stages import TITLES
from widgets.shapes import shapes_of

_TITLES: dict[type[BaseException], str] = {
    ArtifactError: "A file cannot be read or written",
    CancelledError: "Cancelled",
    ConfigError: "Check the settings",
    LookupError: "Not possible now",
    MediaLabError: "Not possible",
    MissingLibraryError: "A library is missing",
    ModelNotFoundError: "Model not found",
    ModelRefusedError: "This model cannot be used",
    NotFiniteError: "The picture failed",
    OutOfMemoryError: "Not enough memory",
    PictureError: "Check the picture",
    QueueStoppedError: "Not started",
}
_MOST_NAMED = 5  # of the valid names: the panel's menus and its shelf have all of them
# A setting with its value, as messages write it: face.iou=2.
_ASSIGNED = re.compile(r"(?<![\w.])([a-z_0-9]+(?:\.[a-z_0-9]+)*)=(?=\S)")

# The stage that messages begin with, and the kinds of models that they write as code does.
_STAGE = re.compile(r"^([a-z_0-9]+): (?=\S)")
_KIND = re.compile(r"\bno (lora|vae|controlnet) '")


def title_of(error: BaseException) -> str:
    """Return a heading for an error; one that nobody foresaw is named by its type."""
    if type(error) is LookupError or isinstance(error, MediaLabError):
        return next(_TITLES[kind] for kind in type(error).__mro__ if kind in _TITLES)
    return f"Something went wrong ({type(error).__name__})"


def text_of(error: BaseException) -> str:
    """Return an error's message as sentences, without hints for code and without long lists."""
    cause = error.__cause__
    if isinstance(cause, ValidationError) and cause.title == PipelineConfig.__name__:
        return " ".join(_sentence(_of_fault(one)) for one in faults_of(cause, PipelineConfig))
    message = error.message if isinstance(error, MediaLabError) else str(error)
    if isinstance(error, MediaLabError) and error.choices:
        message = message.replace(first_of(error.choices), first_of(error.choices, _MOST_NAMED))
    return _sentence(_with_labels(message or "there is no message; see the technical details"))


def sentence_of_fault(fault: Mapping[str, object]) -> str:
    """Return a fault of a request as a sentence that stands beside its field."""
    return _sentence(_with_labels(str(fault["message"])))


def label_of(path: str) -> str:
    """Return the label of a setting, as "Face: Overlap allowed" for face.iou; "" for no setting."""
    model: type[StageConfig] | None = PipelineConfig
    words: list[str] = []
    for part in path.split("."):
        if part.isdigit() and words:
            words[-1] += f" {int(part) + 1}"
        elif model is not None and part in model.model_fields:
            shape = shapes_of(model)[part]
            is_model = isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig)
            is_stage = is_model and not shape.many and not words
            words.append(TITLES.get(part, shape.label) if is_stage else shape.label)
            model = shape.kind if is_model else None
        else:
            return ""
    return ": ".join(words)


def _of_fault(fault: dict[str, object]) -> str:
    message = _with_labels(str(fault["message"]))
    label = label_of(str(fault["field"]))
    if not label or label in message:
        return message
    value = f" = {fault['value']}" if fault.get("value") not in {None, ""} else ""
    return f"{label}{value}: {message}"


def _with_labels(message: str) -> str:
    def labelled(found: re.Match[str]) -> str:
        label = label_of(found[1])
        return f"{label} = " if label else found[0]

    message = _STAGE.sub(lambda at: f"{TITLES.get(at[1], at[1])}: ", message)
    message = _KIND.sub(lambda at: f"no {kind_in_words(at[1])} '", message)
    return _ASSIGNED.sub(labelled, message)


def _sentence(text: str) -> str:
    """Return a text that begins with a capital and ends with a full stop."""
    first = text.partition(" ")[0]
    if first.isalpha() and first.islower():  # not the name of a file, nor a number
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
