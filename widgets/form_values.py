"""The form's state: one plain value for each setting, by its name."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from medialab import PipelineConfig
from medialab.settings.fields import FITS, RANDOM_SEED, StageConfig
from widgets.shapes import Shape, shapes_of

# How the start picture is used at first, and what it is without one.
REPAIR, FROM_NOISE = "enhance", "txt2img"
# How a start picture is brought to size: near the model's, its own, or to numbers.
MODEL, KEEP, CUSTOM = "model", "keep", "custom"
# Settings whose value None is the checkpoint's own, of its family.
OF_THE_CHECKPOINT = ("steps", "guidance_scale", "distilled_guidance_scale", "sampler", "schedule")
_SEEDS = ("seed", "variation_seed")
# Values of the form that are no settings of a config, or stand for several of them.
_OWN: Mapping[str, Any] = {
    "use": REPAIR,
    "fit": MODEL,
    "start.width": None,
    "start.height": None,
}
_LEFT_OUT = ("mode", "fit", "schema_version", "made_for", "inpaint.at_model_size")

Defaults = Callable[[str], Mapping[str, Any]]


class FormValues:
    """The value of each setting: `steps` of the whole picture, `face.steps` of a stage.

    Values are plain, as JSON has them, and may be invalid: a config checks them. None means
    inherited or automatic: a random seed, the checkpoint's steps. Without a start picture (`image`)
    a request draws from noise; with one, `use` is the mode and `fit` its size.

    Args:
        defaults: returns the settings to begin with for a checkpoint.
    """

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._values: dict[str, Any] = dict(_OWN)
        # For each mask of the config that was shown: the picture it was painted on.
        self._made_for: dict[str, str] = {}
        # For each mask painted since: its start picture, and the identity of the generated picture.
        self._painted_on: dict[str, str] = {}
        self._painted_for: dict[str, str] = {}
        self.show(PipelineConfig())
        # Nobody has set these, whether or not the first checkpoint is here.
        self._values |= dict.fromkeys(OF_THE_CHECKPOINT)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a value of this name."""
        return name in self._values

    @property
    def mode(self) -> str:
        """The mode of the request: without a start picture, text to image."""
        return FROM_NOISE if self._values["image"] is None else str(self._values["use"])

    def value(self, name: str) -> Any:
        """Return a value by its name.

        Raises:
            KeyError: there is none.
        """
        return self.mode if name == "mode" else self._values[name]

    def in_force(self, name: str) -> Any:
        """Return a value of the whole picture; where it is None, that of the checkpoint."""
        value = self._values[name]
        if value is None and name in OF_THE_CHECKPOINT:
            return self.defaults.get(name)
        return value

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The settings to begin with for the checkpoint that is chosen."""
        return self._defaults(str(self._values["checkpoint"] or ""))

    def set(self, changes: Mapping[str, Any]) -> set[str]:
        """Set some values, and return the names of those that are others now.

        Raises:
            KeyError: there is no such value.
        """
        changed = set()
        for name, value in changes.items():
            if name not in self._values:
                message = f"the form has no value {name!r}"
                raise KeyError(message)
            plain = as_plain(value)
            if name in _SEEDS and plain == RANDOM_SEED:
                plain = None
            if self._values[name] != plain:
                self._values[name] = plain
                changed.add(name)
        return changed

    def read(self) -> dict[str, Any]:
        """Return all settings as `PipelineConfig.parse` takes them; automatic ones are left out."""
        found: dict[str, Any] = {}
        for name, value in self._values.items():
            stage, _, setting = name.rpartition(".")
            if name in _OWN or stage == "start" or name in {"width", "height"}:
                continue
            if stage:
                found.setdefault(stage, {})[setting] = value
            elif (value := self.in_force(name)) is not None:
                found[name] = value
        found |= self._read_size()
        if found.get("fit") == MODEL and self.mode == "inpaint":
            # The rest of the picture keeps every byte: only what is drawn is fitted.
            found["inpaint"]["at_model_size"] = True
            del found["fit"]
        found["made_for"] = self._made_for | (
            self._painted_on if self.mode != FROM_NOISE else self._painted_for
        )
        return found | {"mode": self.mode}

    def _read_size(self) -> dict[str, Any]:
        """Return the settings of the picture's size."""
        before = "" if self.mode == FROM_NOISE else "start."
        sides = {side: self._values[f"{before}{side}"] for side in ("width", "height")}
        set_sides = {side: value for side, value in sides.items() if value is not None}
        if self.mode == FROM_NOISE or self._values["fit"] == CUSTOM:
            return set_sides
        is_fitted = self._values["fit"] == MODEL and self.mode != REPAIR
        return {"fit": FITS[1]} if is_fitted else {}

    def show(self, config: PipelineConfig) -> None:
        """Set every value from a config."""
        plain = config.model_dump(mode="json")
        values: dict[str, Any] = {}
        for name, shape in shapes_of(type(config)).items():
            if is_stage(shape):
                own = plain[name].items()
                values |= {f"{name}.{key}": value for key, value in own}
            else:
                values[name] = plain[name]
        values |= {name: None for name in _SEEDS if values[name] == RANDOM_SEED}
        own_defaults = self._defaults(config.checkpoint)
        values |= {
            name: None for name in OF_THE_CHECKPOINT if values[name] == own_defaults.get(name)
        }
        values |= self._size_shown(config)
        values["image"] = None if config.mode == FROM_NOISE else config.image
        for name in _LEFT_OUT:
            values.pop(name, None)
        self._values |= values | self._fit_shown(config)
        self._made_for = dict(config.made_for)
        self._painted_on, self._painted_for = {}, {}

    def _size_shown(self, config: PipelineConfig) -> dict[str, Any]:
        """Return the sides of a config: of the picture, or of the start picture."""
        sides = {"width": config.width, "height": config.height}
        if config.mode == FROM_NOISE:
            return sides
        return {"width": self._values.get("width"), "height": self._values.get("height")} | {
            f"start.{side}": value for side, value in sides.items()
        }

    def _fit_shown(self, config: PipelineConfig) -> dict[str, Any]:
        """Return how a config uses its start picture, and brings it to size."""
        if config.mode == FROM_NOISE:
            return {}
        fit = KEEP
        if config.width or config.height:
            fit = CUSTOM
        elif config.mode == REPAIR:  # always keeps its size: what fits the other modes stays
            return {"use": config.mode}
        elif config.fit == FITS[1] or (config.mode == "inpaint" and config.inpaint.at_model_size):
            fit = MODEL
        return {"use": config.mode, "fit": fit}

    def free(self, masks: Collection[str]) -> None:
        """Remove the link of these masks to a picture."""
        for bound in (self._made_for, self._painted_on, self._painted_for):
            for mask in masks:
                bound.pop(mask, None)

    def painted(self, mask: str, made: str | None = None, image: str | None = None) -> None:
        """Note that a person has painted a mask on the start picture.

        Args:
            mask: the stored mask's name.
            made: the start picture's identity if it was generated; see
                `medialab.runs.belongings`.
            image: the start picture, if it is not the present one.
        """
        if (start := image or self._values["image"]) is not None:
            self._painted_on[mask] = start
        if made is not None:
            self._painted_for[mask] = made


def is_stage(shape: Shape) -> bool:
    """Return whether a setting holds the settings of a stage."""
    return isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig) and not shape.many


def as_plain(value: Any) -> Any:
    """Return a value of a config as JSON has it."""
    if isinstance(value, StageConfig):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list):
        return [as_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: as_plain(one) for key, one in value.items()}
    return value
