"""What came with a picture's settings stays with that picture: set aside with a word, and back."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.runs.belongings import is_of_another
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import StageConfig
from medialab.stages.detailer.edits import DetectionEdit
from widgets.form import Form

# A stage, "" for the picture as a whole, and a setting of it.
Place = tuple[str, str]
_MASK: Place = ("inpaint", "mask")
# What makes another picture of the same settings.
_PICTURE = ("prompt", "negative_prompt", "seed")
_SIZE = ("width", "height")
_WORDS = {
    "detections": "the edited boxes of {}",
    "mask": "the mask of {}",
    "image": "the start picture",
    "control": "control pictures",
}


class Belongings:
    """Takes out of a form what belongs to the picture whose settings it was filled with.

    Boxes, masks, start and control pictures stay while prompt, seed and size are that picture's;
    with others they are set aside, and they are there again with the picture's own. `bring_back`
    makes them the form's own. What a person changed since is theirs, and stays. So does a mask that
    was painted, with the start picture that it was painted on; `show_mask` shows one, or none.
    """

    def __init__(self, form: Form, show_mask: Callable[[str | None], object]) -> None:
        self._form, self._line = form, form.set_aside
        self._show_mask = show_mask
        self._mask: str | None = None
        self._origin: PipelineConfig | None = None
        self._task = ""
        self._name = ""
        self._aside: dict[Place, Any] = {}
        self._working = False

    @property
    def set_aside(self) -> Mapping[Place, Any]:
        """What is set aside now, by stage and setting."""
        return dict(self._aside)

    def came_with(self, name: str) -> None:
        """The form was filled with a picture's settings just now; `name` is how it is called."""
        self._line.clear()
        self._aside, self._origin, self._name, self._mask = {}, None, name, None
        with suppress(ConfigError):
            self._origin = PipelineConfig.parse(self._form.read())
            self._task = self._form.task

    def settings_changed(self) -> None:
        """Set aside, or put back, by what the form says now."""
        if self._working:
            return
        try:
            now = PipelineConfig.parse(self._form.read())
            if self._origin is not None:
                self._settle(now, self._origin)
                now = PipelineConfig.parse(self._form.read())
        except ConfigError:  # told of when a picture is asked for
            return
        self._settle_mask(now)

    def _settle_mask(self, now: PipelineConfig) -> None:
        """Set aside the mask of inpainting that was painted on another start picture, or back."""
        mask, aside = now.inpaint.mask, self._mask
        if aside is not None and mask not in {None, aside}:  # another was painted since
            self._mask = None
            self._line.clear()
        elif aside is not None and mask is None and now.made_for.get(aside) == now.image:
            self._put_mask_back()
        elif mask is not None and now.image is not None and is_of_another(now):
            self._mask = mask
            self._set({_MASK: None})
            self._show_mask(None)
            self._line.offer(
                "Set aside, since it was painted on another start picture: the mask of inpaint.",
                self._use_mask_here,
            )

    def _put_mask_back(self) -> None:
        mask, self._mask = self._mask, None
        self._line.clear()
        self._set({_MASK: mask})
        self._show_mask(mask)

    def _use_mask_here(self) -> None:
        """Use the mask that is set aside for the start picture that is chosen now."""
        if self._mask is not None:
            self._form.free({self._mask})
            self._form.painted(self._mask)
            self._put_mask_back()

    def _settle(self, now: PipelineConfig, origin: PipelineConfig) -> None:
        """Set aside, or put back, what came with the picture whose settings the form had."""
        if self._is_another(now) and not self._aside:
            bound = _bound(origin)
            self._aside = {
                place: value for place, value in bound.items() if _value(now, place) == value
            }
            if self._aside:
                self._set({place: _without(value) for place, value in self._aside.items()})
                self._line.offer(self._told(), self.bring_back)
        elif self._aside and not self._is_another(now):
            self._set(self._missing(now))
            self._aside = {}
            self._line.clear()

    def bring_back(self) -> None:
        """Use what is set aside for the picture that the form describes, and from now on."""
        with suppress(ConfigError):
            aside = self._missing(PipelineConfig.parse(self._form.read()))
            masks = {value for (_, name), value in aside.items() if name == "mask"}
            self._form.free(masks)
            self._set({place: _freed(value) for place, value in aside.items()})
        self._aside, self._origin = {}, None
        self._line.clear()

    def _is_another(self, now: PipelineConfig) -> bool:
        """Whether the form describes another picture than the one that it was filled with."""
        origin = self._origin
        if origin is None:
            return False
        names = [*_PICTURE, *(_SIZE if self._form.task == self._task else ())]
        if any(getattr(now, name) != getattr(origin, name) for name in names):
            return True
        is_taken = ("", "image") in self._aside and now.image is None
        return self._form.task == self._task and now.image != origin.image and not is_taken

    def _missing(self, now: PipelineConfig) -> dict[Place, Any]:
        """What is set aside, but for places that a person has filled since."""
        return {
            place: value
            for place, value in self._aside.items()
            if _value(now, place) in (None, _without(value))
        }

    def _set(self, changes: Mapping[Place, Any]) -> None:
        self._working = True
        try:
            self._form.set(changes)
        finally:
            self._working = False

    def _told(self) -> str:
        named = [_WORDS[name].format(stage) for stage, name in self._aside]
        what = escape(", ".join(dict.fromkeys(named)))
        return (
            f"Set aside, because the settings now describe another picture: {what} "
            f"({escape(self._name)})."
        )


def _bound(config: PipelineConfig) -> dict[Place, Any]:
    """What of a config was made for its picture, or taken from it."""
    found: dict[Place, Any] = {}
    for stage, part in {"": config, **dict(config)}.items():
        if not isinstance(part, StageConfig):
            continue
        for name in ("detections", "mask", "control"):
            value = getattr(part, name, None)
            if value and (name != "control" or any(unit.image for unit in value)):
                found[stage, name] = value
    if config.mode != "txt2img" and config.image is not None:
        found["", "image"] = config.image
    return found


def _value(config: PipelineConfig, place: Place) -> Any:
    stage, name = place
    return getattr(getattr(config, stage) if stage else config, name)


def _without(value: Any) -> Any:
    """What stands in a setting's place while its value is set aside: control units are off."""
    if isinstance(value, tuple) and value and isinstance(value[0], ControlUnit):
        return tuple(
            unit.model_copy(update={"image": None, "enabled": False}) if unit.image else unit
            for unit in value
        )
    return None


def _freed(value: Any) -> Any:
    """The value, bound to no picture."""
    if isinstance(value, tuple) and value and isinstance(value[0], DetectionEdit):
        return tuple(edit.unbound() for edit in value)
    return value
