"""What is said beside the form's fields: once, until it is mended, with a button for that."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from medialab import PipelineConfig
from medialab.errors import ConfigError, MediaLabError, shown
from medialab.prompts.tags import tagged_loras, written_tags
from medialab.settings.validation import faults_of
from widgets.messages import sentence_of_fault, text_of

WRONG, NOTE = "wrong", "note"
_PRESSED = "next"


class Message(NamedTuple):
    """A sentence beside a field, and perhaps a button: its label and what it does."""

    text: str
    label: str = ""
    act: Callable[[], object] | None = None
    level: str = WRONG

    @property
    def as_field(self) -> dict[str, Any]:
        """The message as a `Sheet` takes it."""
        action = {"name": _PRESSED, "label": self.label} if self.act else None
        return {"text": self.text, "action": action, "level": self.level}


class FormMessages:
    """The messages beside fields: what was said, else what is wrong, else what is worth knowing.

    Args:
        read: returns the form's settings, as `PipelineConfig.parse` takes them.
    """

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read
        self._said: dict[str, Message] = {}
        self._faults: dict[str, Message] = {}
        self._notes: dict[str, Message] = {}

    def clear(self) -> None:
        """Remove all messages: the form shows another config."""
        self._said, self._faults = {}, {}

    def say(self, field: str, message: Message | None) -> None:
        """Say something until the field is changed; None takes it back."""
        kept = {name: one for name, one in self._said.items() if name != field}
        # Anew: the worker may be drawing what was said so far.
        self._said = kept if message is None else {**kept, field: message}

    def note(self, notes: Mapping[str, Message]) -> None:
        """Replace what is worth knowing of the present values."""
        self._notes = dict(notes)

    def changed(self, names: Collection[str]) -> None:
        """Take back what was said of these values, and check all of them."""
        if not names:
            return
        self._said = {
            field: message for field, message in self._said.items() if not _may_mend(names, field)
        }
        self._faults = self._found()

    def of(self, field: str) -> Message | None:
        """Return the message beside a field, or None."""
        for where in (self._said, self._faults, self._notes):
            if field in where:
                return where[field]
        return None

    @property
    def fields(self) -> set[str]:
        """The fields beside which something is wrong."""
        told = {field for where in (self._said, self._faults, self._notes) for field in where}
        return {field for field in told if (one := self.of(field)) and one.level == WRONG}

    def press(self, field: str, action: str) -> bool:
        """Do what a message's button says; return False if there is no such button."""
        message = self.of(field)
        if action != _PRESSED or message is None or message.act is None:
            return False
        self.say(field, None)
        message.act()
        return True

    def has_faults_of(self, error: BaseException) -> bool:
        """Return whether all that a validation found is said beside fields already."""
        cause = error.__cause__
        if not isinstance(cause, ValidationError) or not self._faults:
            return False
        return len(faults_of(cause, PipelineConfig)) == len(self._faults) and "" not in self._faults

    def _found(self) -> dict[str, Message]:
        try:
            settings = self._read()
            PipelineConfig.parse(settings)
        except ConfigError as error:
            cause = error.__cause__
            faults = faults_of(cause, PipelineConfig) if isinstance(cause, ValidationError) else []
            is_start = settings["mode"] != "txt2img"
            return {
                field_of_setting(str(fault["field"]), is_start=is_start): Message(
                    sentence_of_fault(fault)
                )
                for fault in faults
            }
        return {}


def field_of_setting(setting: str, *, is_start: bool) -> str:
    """Return the form's field for a setting that an error names; "" for the whole request.

    Args:
        setting: as an error names it: `width`, `face.iou`, `control.0.model`, `lora`.
        is_start: whether the request starts from a picture.
    """
    name = _SAME.get(setting, setting)
    parts = name.split(".")
    numbers = [at for at, part in enumerate(parts) if part.isdigit()]
    name = ".".join(parts[: numbers[0]] if numbers else parts)
    if name in {"width", "height"}:
        return "start.size" if is_start else "size"
    return name


# Kinds of models and texts, as errors about a missing one name their setting, and the mode.
_SAME = {
    "lora": "loras",
    "controlnet": "control",
    "embedding": "prompt",
    "wildcard": "prompt",
    "style": "styles",
    "mode": "image",
}
# What a LoRA, an inversion or a wildcard can be named in: in one of them, or in a stage's own.
_NAMED_IN = {"prompt", "negative_prompt", "loras", "styles"}


def _may_mend(names: Collection[str], field: str) -> bool:
    """Return whether a change of these values may mend what is said beside a field."""
    # What starts from a picture, or lacks a mask, is mended by another picture or mode, too.
    if field in names or {"image", "use"} & set(names):
        return True
    return field in _NAMED_IN and any(name.rpartition(".")[2] in _NAMED_IN for name in names)


def about(error: BaseException, *, is_start: bool) -> str:
    """Return the form's field that an error is about, or "" for none."""
    if not isinstance(error, MediaLabError) or not error.setting:
        return ""
    return field_of_setting(error.setting, is_start=is_start)


def message_of(error: MediaLabError, use: Callable[[str], object] | None) -> Message:
    """Return the message for an error beside its field; a button uses the one choice there is.

    Args:
        error: the error.
        use: sets the field to a choice; None where its value is no single choice.
    """
    if use is not None and len(error.choices) == 1:
        (choice,) = error.choices
        return Message(text_of(error), f"Use {choice}", lambda: use(choice))
    return Message(text_of(error))


def tag_at_fault(error: MediaLabError, prompt: str) -> str:
    """Return the tag in a prompt whose LoRA an error names, as written; "" for none.

    The error may name others after it, which it knows or takes for what was meant.
    """
    if error.setting != "lora":
        return ""
    places = {
        error.message.find(shown(lora.name)): tag
        for tag in written_tags(prompt)
        for lora in tagged_loras(tag)
    }
    named = [place for place in places if place >= 0]
    return places[min(named)] if named else ""


def without_tag(prompt: str, tag: str) -> str:
    """Return a prompt without a tag and the space beside it."""
    return prompt.replace(f" {tag}", "").replace(tag, "").strip()
