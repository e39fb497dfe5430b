"""Boxes, masks and pictures that came with a picture's settings are used for that picture only."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.runs.belongings import mask_is_foreign
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import StageConfig
from medialab.stages import TITLES
from medialab.stages.detailer.edits import DetectionEdit
from widgets.form import Form

# A value of the form by its name, such as "face.mask".
Place = str
_MASK: Place = "inpaint.mask"
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
    """Sets aside settings in the form that belong to one picture when another is described.

    Edited boxes, masks, start and control pictures are used while prompt, seed and size are those
    of the picture they came with. Otherwise they are set aside, and return with the picture's own
    prompt, seed and size. `bring_back` uses them anyway. Values that a person has changed since
    are never set aside. A mask painted in the panel belongs to its start picture in the same way.

    Args:
        form: the form to change.
        show_mask: shows a stored mask on the canvas; None removes it.
    """

    def __init__(self, form: Form, show_mask: Callable[[str | None], object]) -> None:
        self._form, self._line = form, form.set_aside
        self._show_mask = show_mask
        self._mask: str | None = None
        self._origin: PipelineConfig | None = None
        self._name = ""
        self._aside: dict[Place, Any] = {}
        self._working = False

    @property
    def set_aside(self) -> Mapping[Place, Any]:
        """The values that are set aside now, by name."""
        return dict(self._aside)

    def filled_from(self, name: str) -> None:
        """Note that the form was just filled with the settings of the picture `name`."""
        self._line.clear()
        self._aside, self._origin, self._name, self._mask = {}, None, name, None
        with suppress(ConfigError):
            self._origin = PipelineConfig.parse(self._form.read())

    def settings_changed(self) -> None:
        """Set aside or put back values, by the form's present settings."""
        if self._working:
            return
        try:
            now = PipelineConfig.parse(self._form.read())
            if self._origin is not None:
                self._settle(now, self._origin)
                now = PipelineConfig.parse(self._form.read())
        except ConfigError:  # reported when a picture is requested
            return
        self._settle_mask(now)

    def _settle_mask(self, now: PipelineConfig) -> None:
        """Set aside an inpaint mask painted on another start picture, or put it back."""
        mask, aside = now.inpaint.mask, self._mask
        if aside is not None and mask not in {None, aside}:  # another was painted since
            self._mask = None
            self._line.clear()
        elif aside is not None and mask is None and now.made_for.get(aside) == now.image:
            self._put_mask_back()
        elif mask is not None and now.image is not None and mask_is_foreign(now):
            self._mask = mask
            self._set({_MASK: None})
            self._show_mask(None)
            self._line.offer(
                "The mask is set aside: it was painted on another start picture.",
                self._use_mask_here,
            )

    def _put_mask_back(self) -> None:
        mask, self._mask = self._mask, None
        self._line.clear()
        self._set({_MASK: mask})
        self._show_mask(mask)

    def _use_mask_here(self) -> None:
        """Use the mask that was set aside for the present start picture."""
        if self._mask is not None:
            self._form.free({self._mask})
            self._form.painted(self._mask)
            self._put_mask_back()

    def _settle(self, now: PipelineConfig, origin: PipelineConfig) -> None:
        """Set aside, or put back, the values that came with the picture `origin`."""
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
        """Use the values that were set aside for the present picture, and all later ones."""
        with suppress(ConfigError):
            aside = self._missing(PipelineConfig.parse(self._form.read()))
            masks = {value for place, value in aside.items() if _setting(place) == "mask"}
            self._form.free(masks)
            self._set({place: _freed(value) for place, value in aside.items()})
        self._aside, self._origin = {}, None
        self._line.clear()

    def _is_another(self, now: PipelineConfig) -> bool:
        """Return whether the form describes another picture than the one it was filled from."""
        origin = self._origin
        if origin is None:
            return False
        is_alike = _starts(now) == _starts(origin)
        names = [*_PICTURE, *(_SIZE if is_alike else ())]
        if any(getattr(now, name) != getattr(origin, name) for name in names):
            return True
        is_taken = "image" in self._aside and now.image is None
        return now.image != origin.image and not is_taken

    def _missing(self, now: PipelineConfig) -> dict[Place, Any]:
        """Return the values that were set aside, except where a person has set another since."""
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
        named = [
            _WORDS[_setting(place)].format(TITLES.get(_stage(place), "")) for place in self._aside
        ]
        what = escape(", ".join(dict.fromkeys(named)))
        return (
            f"Set aside, because the settings now describe another picture: {what} "
            f"({escape(self._name)})."
        )


def _bound(config: PipelineConfig) -> dict[Place, Any]:
    """Return the settings of a config that belong to its picture: boxes, masks, pictures."""
    found: dict[Place, Any] = {}
    for stage, part in {"": config, **dict(config)}.items():
        if not isinstance(part, StageConfig):
            continue
        for name in ("detections", "mask", "control"):
            value = getattr(part, name, None)
            if value and (name != "control" or any(unit.image for unit in value)):
                found[f"{stage}.{name}" if stage else name] = value
    if _starts(config):
        found["image"] = config.image
    return found


def _value(config: PipelineConfig, place: Place) -> Any:
    stage = _stage(place)
    return getattr(getattr(config, stage) if stage else config, _setting(place))


def _stage(place: Place) -> str:
    return place.rpartition(".")[0]


def _setting(place: Place) -> str:
    return place.rpartition(".")[2]


def _starts(config: PipelineConfig) -> bool:
    """Return whether a request starts from a picture."""
    return config.mode != "txt2img" and config.image is not None


def _without(value: Any) -> Any:
    """Return the value to use while one is set aside: control units off, all else None."""
    if isinstance(value, tuple) and value and isinstance(value[0], ControlUnit):
        return tuple(
            unit.model_copy(update={"image": None, "enabled": False}) if unit.image else unit
            for unit in value
        )
    return None


def _freed(value: Any) -> Any:
    """Return the value without its link to a picture."""
    if isinstance(value, tuple) and value and isinstance(value[0], DetectionEdit):
        return tuple(edit.unbound() for edit in value)
    return value
