"""The building blocks of every stage's settings: types of values, units, and the strict base model.

The models are frozen and refuse unknown names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from medialab.errors import ConfigError, near, shown
from medialab.pixels.geometry import LEAST_DRAWN, MOST_DRAWN, SIDE_STEP

# As in ComfyUI: 64 bits, torch's maximum. Its noise on the CPU uses only the lower 32.
LARGEST_SEED = 2**64 - 1
RANDOM_SEED = -1
# Drawn seeds are below this, 32 bits: A1111 and its kin store no more.
DRAWN_BELOW = 2**32


@dataclass(frozen=True)
class Unit:
    """Marks a setting with a unit, for the settings reference."""

    name: str


@dataclass(frozen=True)
class Foremost:
    """Marks a setting that a form shows at once, while it folds the stage's others away."""


Pixels = Annotated[int, Unit("px")]
Times = Annotated[float, Unit("×")]
# A side of a picture that a model draws.
Side = Annotated[Pixels, Field(ge=LEAST_DRAWN, le=MOST_DRAWN, multiple_of=SIDE_STEP)]
# A side of any picture; what is drawn in one piece has tighter limits. 65,535 is JPEG's limit.
Length = Annotated[Pixels, Field(ge=1, le=65_535)]
# A picture stored in outputs/inputs, by the SHA-256 of its pixels, which `Workbench.keep` returns.
PICTURE_NAME = "^[0-9a-f]{64}$"
Picture = Annotated[str, Field(pattern=PICTURE_NAME)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ChoiceError(ValueError):
    """A value that is not among the `choices`; pydantic keeps it in the context of its error."""

    def __init__(self, choices: Iterable[str], value: str = "") -> None:
        self.choices = tuple(choices)
        super().__init__(f"choose one of {', '.join(self.choices)}{near(value, self.choices)}")


def one_of(value: str, choices: Iterable[str]) -> str:
    """Return the choice that `value` names, in capitals or not.

    Raises:
        ChoiceError: no choice has that name; the message lists them all.
    """
    by_name = {choice.casefold(): choice for choice in choices}
    if value.casefold() not in by_name:
        raise ChoiceError(by_name.values(), value)
    return by_name[value.casefold()]


@dataclass(frozen=True)
class OneOf:
    """Checks that a setting is one of these names; a form offers them."""

    choices: tuple[str, ...]

    def __call__(self, value: str) -> str:
        """Return the choice that `value` names, in capitals or not."""
        return one_of(value, self.choices)


@dataclass(frozen=True)
class NameOf:
    """Marks a setting that names a model.

    Attributes:
        kind: The kind of model.
        also: Names that are valid without a file.
        free: Whether it takes more than one name, such as several separated by commas.
        none: The meaning of an empty name; None if it must not be empty.
    """

    kind: str
    also: tuple[str, ...] = ()
    free: bool = False
    none: str | None = None


def names_in_list(text: str) -> tuple[str, ...]:
    """Return the names in a text that has them with commas between them."""
    return tuple(filter(None, (one.strip() for one in text.split(","))))


CheckT = TypeVar("CheckT", bound=Callable[..., Any])


def reads(*names: str) -> Callable[[CheckT], CheckT]:
    """Mark a check of several settings with all that it looks at, so that a sweep makes it rarely.

    Args:
        names: Names of settings; of a stage, which means all of its settings.
    """

    def marked(check: CheckT) -> CheckT:
        check.__dict__["reads"] = frozenset(names)
        return check

    return marked


class Check(NamedTuple):
    """A check of several settings together: raises ValueError for a config that it refuses.

    Attributes:
        reads: The names of the settings that it looks at; None where it does not say.
        run: Checks a config.
    """

    reads: frozenset[str] | None
    run: Callable[[Any], object]


class StageConfig(BaseModel):
    """The settings of one stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the settings whose values are not the usual ones, as they may be given again."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            field = fields.get(name or "")
            if field is None or value != field.get_default(call_default_factory=True):
                yield name, _as_given(value)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse every change: results are cached under the settings that they were made with."""
        message = f"{name} cannot be set to {shown(value)}: settings that are made do not change"
        hint = f"config.changed({name}=…), or of a stage config.changed(face={{{name!r}: …}})"
        raise ConfigError(message).about(name).in_code(hint)

    @field_validator("*", mode="before")
    @classmethod
    def _is_of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse values that pydantic converts: true as 1, half a character as text."""
        if value is None or type(value) in _CHECKED_APART:
            return value
        if type(value) in _WITHOUT_ORDER:
            message = (
                "a set has no order, and each start of Python would give another; write a list"
            )
            raise ValueError(message)
        value = in_python(value)
        takes_bool, takes_whole_numbers = _kinds_of(cls, info.field_name or "")
        each = value if isinstance(value, (list, tuple)) else [value]
        if not takes_bool and any(isinstance(one, bool) for one in each):
            message = "true and false are not a number or text; write the value itself"
            if isinstance(value, bool) and _is_switched(cls, info.field_name or ""):
                message = 'write an object with its settings, of which "enabled" is the switch'
            raise ValueError(message)
        if takes_whole_numbers and any(isinstance(one, float) and abs(one) > 2**53 for one in each):
            message = (
                "a number this large with a point or an exponent is not exact; write all its digits"
            )
            raise ValueError(message)
        for text in each:
            if isinstance(text, str) and (at := half_character(text)) is not None:
                message = (
                    f"character {at + 1} is half of one ({text[at]!a}) and cannot be saved; "
                    "type it again"
                )
                raise ValueError(message)
        return value

    @classmethod
    def checks(cls) -> list[Check]:
        """Return the checks of several settings together, in the order in which they are made."""
        found = cls.__pydantic_decorators__.model_validators.values()
        return [Check(getattr(one.func, "reads", None), one.func) for one in found]


def _as_given(value: Any) -> Any:
    """Return a setting's value with objects in place of models."""
    if isinstance(value, StageConfig):
        return dict(value.__repr_args__())
    if isinstance(value, BaseModel):
        return value.model_dump()
    return [_as_given(one) for one in value] if isinstance(value, tuple) else value


def in_python(value: Any) -> Any:
    """Return a number of numpy or torch as Python's own, exactly; other values as they are.

    Pydantic would read it as a float, which has 53 bits of a seed, and takes true for 1.
    """
    if isinstance(value, (list, tuple)) and any(map(_is_scalar, value)):
        return [in_python(one) for one in value]
    return value.item() if _is_scalar(value) else value


def _is_scalar(value: Any) -> bool:
    """Return whether a value is a number of numpy or torch."""
    return hasattr(value, "item") and getattr(value, "shape", None) == ()


# Values that none of this concerns: groups of settings are checked as models of their own.
_CHECKED_APART = frozenset({dict, int})
_WITHOUT_ORDER = frozenset({set, frozenset})


@cache
def _kinds_of(model: type[BaseModel], name: str) -> tuple[bool, bool]:
    """Return whether a field takes true and false, and whether its numbers are whole."""
    annotation = model.model_fields[name].annotation
    takes_whole_numbers = _takes(annotation, int) and not _takes(annotation, float)
    return _takes(annotation, bool), takes_whole_numbers


def _is_switched(model: type[BaseModel], name: str) -> bool:
    """Return whether a field holds the settings of a stage that is switched on or off."""
    annotation = model.model_fields[name].annotation
    return isinstance(annotation, type) and issubclass(annotation, SwitchedConfig)


def _takes(annotation: Any, kind: type) -> bool:
    """Return whether a field's type allows a value of this kind, or of any."""
    parts = get_args(annotation)
    return annotation is kind or annotation is Any or any(_takes(part, kind) for part in parts)


def half_character(text: str) -> int | None:
    """Return the place of a lone surrogate, which JSON and broken copies bring in; None if none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


class SwitchedConfig(StageConfig):
    """The settings of a stage that does nothing until it is switched on."""

    enabled: bool = Field(False, description="Whether this stage runs.")


FITS = ("keep", "model")


class FitConfig(StageConfig):
    """How large a start picture is drawn where no size is set."""

    fit: Annotated[str, AfterValidator(OneOf(FITS))] = Field(
        FITS[0],
        description="Of a start picture without width and height: keep its size, or draw near the "
        "model's and enlarge the result again at the end.",
    )


class SizeConfig(StageConfig):
    """The size of the picture that stage 3 makes, or starts from."""

    width: Length | None = Field(
        None, description="Width in pixels; empty: the model's size, or that of the start picture."
    )
    height: Length | None = Field(
        None, description="Height in pixels; empty: the model's size, or that of the start picture."
    )
