"""Descriptions of settings, derived from their config fields, for forms and the reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

import annotated_types
from pydantic import AfterValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from medialab.settings.fields import PICTURE_NAME, Foremost, NameOf, OneOf, StageConfig, Unit


@dataclass(frozen=True)
class Limits:
    """The limits of a value; None for no limit.

    Attributes:
        smallest: The least number.
        largest: The greatest number.
        step: What the number is a multiple of.
        shortest: The least length of a text, in characters.
        longest: The greatest length of a text, in characters.
    """

    smallest: float | None = None
    largest: float | None = None
    step: float | None = None
    shortest: int | None = None
    longest: int | None = None


@dataclass(frozen=True)
class Shape:
    """One setting: its name, help and default, and what values it takes.

    `kind` is the plain type of a value, or of one item where `many`. `optional` ones may be None,
    which means "as the base" or "by itself"; `required` ones have no default. `choices` are all
    names there are; `named` tells which models' names it takes; `unit` is what a number counts; a
    form shows those that are `is_foremost` at once.
    """

    name: str
    kind: Any
    help: str
    default: Any = None
    optional: bool = False
    many: bool = False
    limits: Limits = Limits()
    choices: tuple[str, ...] = ()
    named: NameOf | None = None
    is_picture: bool = False
    required: bool = False
    unit: str = ""
    is_foremost: bool = False

    @property
    def is_list_of_settings(self) -> bool:
        """Whether a value is several settings models, as ControlNets are."""
        return self.many and isinstance(self.kind, type) and issubclass(self.kind, StageConfig)

    @classmethod
    def of(cls, name: str, field: FieldInfo) -> Self:
        """Return the shape of one field of a config model."""
        kind, optional, many, rules = _unwrapped(field)
        default = field.get_default(call_default_factory=True)
        return cls(
            name=name,
            kind=kind,
            help=field.description or "",
            default=None if default is PydanticUndefined else default,
            optional=optional,
            many=many,
            limits=_limits(rules),
            choices=next(_choices(rules), ()),
            named=next((rule for rule in rules if isinstance(rule, NameOf)), None),
            is_picture=PICTURE_NAME in {getattr(rule, "pattern", None) for rule in rules},
            required=field.is_required(),
            unit=next((rule.name for rule in rules if isinstance(rule, Unit)), ""),
            is_foremost=any(isinstance(rule, Foremost) for rule in rules),
        )


def shapes_of(model: type[StageConfig]) -> Mapping[str, Shape]:
    """Return the shapes of all settings of a model, in its order."""
    return {name: Shape.of(name, field) for name, field in model.model_fields.items()}


def _unwrapped(field: FieldInfo) -> tuple[Any, bool, bool, list[Any]]:
    """Return a field's plain type, whether its value may be None, and be many, and its rules."""
    kind, rules = field.annotation, list(_flat(field.metadata))
    optional = many = False
    while True:
        arguments = get_args(kind)
        if get_origin(kind) is Annotated:
            rules += _flat(arguments[1:])
            kind = arguments[0]
        elif get_origin(kind) in {Union, UnionType} and type(None) in arguments:
            optional = True
            (kind,) = (one for one in arguments if one is not type(None))
        elif get_origin(kind) is tuple and arguments[1:] == (Ellipsis,):
            many, kind = True, arguments[0]
        elif get_origin(kind) is Literal:
            rules.append(OneOf(arguments))
            kind = type(arguments[0])
        else:
            return kind, optional, many, rules


def _flat(rules: Any) -> Iterator[Any]:
    for rule in rules:
        if isinstance(rule, FieldInfo):
            yield from _flat(rule.metadata)
        else:
            yield rule


def _choices(rules: list[Any]) -> Iterator[tuple[str, ...]]:
    for rule in rules:
        check = rule.func if isinstance(rule, AfterValidator) else rule
        if isinstance(check, OneOf):
            yield check.choices


# The limit that each rule sets, and the rule's attribute that has it.
_LIMITS = {
    annotated_types.Ge: ("smallest", "ge"),
    annotated_types.Le: ("largest", "le"),
    annotated_types.MultipleOf: ("step", "multiple_of"),
    annotated_types.MinLen: ("shortest", "min_length"),
    annotated_types.MaxLen: ("longest", "max_length"),
}


def _limits(rules: list[Any]) -> Limits:
    found: dict[str, Any] = {}
    for rule in rules:
        if type(rule) in _LIMITS:
            limit, attribute = _LIMITS[type(rule)]
            found[limit] = getattr(rule, attribute)
    return Limits(**found)
