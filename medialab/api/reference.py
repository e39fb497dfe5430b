"""A reference of all settings, made from the config models: for `--help` and docs/settings.md."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, listed, shown
from medialab.listing.info import FOLDER_OF_KIND
from medialab.settings.fields import StageConfig
from medialab.settings.shapes import Limits, Shape, shapes_of
from medialab.stages import STAGES

# Longer lists of names are written once, at the first setting that takes them.
_MOST_REPEATED = 6
_TYPES = {bool: "true or false", int: "whole number", float: "number", str: "text"}
_USAGE = """\
Make a picture: python -m medialab prompt="a red car" seed=3

Write settings as name=value; those of a stage have its name and a dot in front. A setting that is
not set is inherited from the whole picture or chosen automatically; name= and name=null leave it
unset. Lists are written in JSON; so can several settings of a stage be:

  python -m medialab prompt="a smiling person" face.enabled=true face.steps=12
  python -m medialab prompt="a smiling person" face='{"enabled": true, "steps": 12}'
  python -m medialab prompt="a tree" loras='[{"name": "pencil-sketch", "weight": 0.7}]'

  python -m medialab --help face     the settings of one stage, or one setting
  python -m medialab settings        all settings as a page in Markdown (docs/settings.md)
  python -m medialab enhance file    work on a picture; with the settings that follow the file, or
                                     twice as large, sharper, colours balanced
  python -m medialab batch file      make a batch of a YAML file, or what is missing of it
                                     (docs/batch.md); its own --help tells the options
  python -m medialab fetch address   download a model of CivitAI or Hugging Face (docs/models.md);
                                     fetch photos: what finds faces and enlarges photos
  python -m medialab doctor          what this machine has, and what would make it faster
  python -m medialab mcp             serve an agent (docs/api.md)

The environment variables MEDIALAB_MODELS and MEDIALAB_OUTPUTS name the folders of models and the
folder where pictures are saved. The defaults are models and outputs in the checkout or, if the
program is installed without one, in the current folder.
"""
_PAGE = """\
# Settings

Every setting, by stage. `make settings` writes this page from the config models that check a
request; a test compares the two.

| where | how it is written |
|---|---|
| Python | `PipelineConfig(steps=30, face={"enabled": True, "steps": 12})` |
| a shell | `python -m medialab steps=30 face.enabled=true face.steps=12` |
| a shell, several at once | `python -m medialab steps=30 face='{"enabled": true, "steps": 12}'` |
| papermill | `-p steps 30 -p face '{"enabled": true, "steps": 12}'` |
| the API | `{"steps": 30, "face": {"enabled": true, "steps": 12}}` ([its page](api.md)) |

A setting that is *not set* (called empty or unset in the descriptions) is inherited from the whole
picture or chosen automatically. Fixed names, such as the samplers', may be written in upper or
lower case. `loras[].weight` is a setting of each object in the list `loras`.
"""


@dataclass(frozen=True)
class Setting:
    """One setting, described in words; `name` has dots (`face.steps`)."""

    name: str
    type: str
    limits: str
    default: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Group:
    """The settings of one stage, or of each object in a list."""

    name: str
    title: str
    meaning: str
    settings: tuple[Setting, ...]


def groups() -> tuple[Group, ...]:
    """Return all settings: of each stage in order, of the request, of the objects in lists."""
    writer = _Writer()
    shapes = shapes_of(PipelineConfig)
    below = {name: one for name, one in shapes.items() if _is_model(one.kind) and not one.many}
    # A setting that several stages read, such as the size, is described under the last of them.
    at_top = {
        setting: stage.name
        for stage in STAGES
        if stage.name not in below
        for setting in stage.settings.model_fields
    }
    found = []
    for stage in STAGES:
        if own := below.get(stage.name):
            settings = writer.all_of(own.kind, f"{stage.name}.")
            found.append(Group(stage.name, stage.title, own.help, settings))
        else:
            own_names = [name for name in shapes if at_top.get(name) == stage.name]
            settings = writer.describe(shapes[name] for name in own_names)
            found.append(Group(stage.name, stage.title, _first_line(stage.settings), settings))
    rest = writer.describe(shapes[name] for name in shapes if name not in {*below, *at_top})
    about_all = Group("request", "The request", "Settings of the request as a whole.", rest)
    return (*found, about_all, *writer.lists())


def as_help(words: Sequence[str] = (), width: int = 100) -> str:
    """Return the help of the command line.

    Args:
        words: Names of the stages and settings to describe; all if empty.
        width: Longest line, in characters.

    Raises:
        ConfigError: a word is neither a stage nor a setting.
    """
    all_groups = groups()
    chosen = [one for word in words for one in _chosen(word, all_groups)] if words else all_groups
    lines = [] if words else [_USAGE]
    for group in chosen:
        lines += [*textwrap.wrap(f"{group.title}. {group.meaning}", width), ""]
        for setting in group.settings:
            lines += [*_help_of(setting, width), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_page() -> str:
    """Return docs/settings.md."""
    lines = [_PAGE]
    for group in groups():
        lines += [
            f"## {group.title}",
            "",
            _escaped(group.meaning),
            "",
            "| setting | type | limits | default | unit | meaning |",
            "|---|---|---|---|---|---|",
        ]
        for one in group.settings:
            default = one.default if one.default in {_UNSET, _REQUIRED} else f"`{one.default}`"
            cells = [f"`{one.name}`", one.type, one.limits, default, one.unit, one.meaning]
            lines.append(f"| {' | '.join(map(_escaped, cells))} |")
        lines.append("")
    return "\n".join(lines)


_UNSET, _REQUIRED = "not set", "required"


class _Writer:
    """Describes settings in words; remembers which names it listed and which lists hold objects."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, ...], str] = {}
        self._lists: dict[type[StageConfig], list[str]] = {}

    def all_of(self, model: type[StageConfig], prefix: str) -> tuple[Setting, ...]:
        """Describe all settings of a model, with a prefix before their names."""
        return self.describe(shapes_of(model).values(), prefix)

    def describe(self, shapes: Iterable[Shape], prefix: str = "") -> tuple[Setting, ...]:
        """Describe settings; the prefix before their names is a stage's name and a dot."""
        return tuple(self._setting(shape, f"{prefix}{shape.name}") for shape in shapes)

    def lists(self) -> Iterator[Group]:
        """Yield a group for the objects of each list described so far, and of lists in these."""
        described: set[type[StageConfig]] = set()
        while left := [model for model in self._lists if model not in described]:
            for model in left:
                described.add(model)
                names = self._lists[model]
                name = names[0].rpartition(".")[2]
                where = f"{_first_line(model)} In {', '.join(names)}."
                yield Group(f"{name}[]", f"Each of {name}", where, self.all_of(model, f"{name}[]."))

    def _setting(self, shape: Shape, name: str) -> Setting:
        return Setting(
            name,
            self._type(shape, name),
            self._limits(shape, name),
            _default(shape),
            shape.unit,
            shape.help or f"Always {_either(shape.choices)}: the layout of these settings.",
        )

    def _type(self, shape: Shape, name: str) -> str:
        kind = shape.kind
        if _is_model(kind):
            self._lists.setdefault(kind, []).append(name)
            return "list of objects"
        if get_origin(kind) is dict:
            return "object"
        if get_origin(kind) is tuple:
            parts = get_args(kind)
            return f"list of {len(parts)} {_TYPES[parts[0]]}s"
        if shape.is_picture:
            word = "picture"
        elif kind is str and (shape.choices or shape.named):
            word = "name"
        else:
            word = _TYPES[kind]
        return f"list of {word}s" if shape.many else word

    def _limits(self, shape: Shape, name: str) -> str:
        if _is_model(shape.kind):
            return f"see {name.rpartition('.')[2]}[]"
        if shape.choices:
            if len(shape.choices) <= _MOST_REPEATED:
                return _either(shape.choices)
            first = self._listed.setdefault(shape.choices, name)
            return _either(shape.choices) if first == name else f"as {first}"
        if shape.named:
            return _model_names(shape)
        if shape.is_picture:
            return "64 hex digits, as returned by Workbench.keep and the API"
        return _bounds(shape.limits)


def _model_names(shape: Shape) -> str:
    named = shape.named
    if named is None:
        return ""
    is_style = named.kind == "style"
    in_folder = "a style" if is_style else "a model"
    folder = "styles.csv" if is_style else FOLDER_OF_KIND[named.kind]
    found = _either([*named.also, f"{in_folder} in models/{folder}"])
    return f"{found}; several are separated by commas" if named.free else found


def _bounds(limits: Limits) -> str:
    low, high = limits.smallest, limits.largest
    parts = []
    if low is not None and high is not None:
        parts.append(f"{_number(low)} to {_number(high)}")
    elif low is not None:
        parts.append(f"{_number(low)} or more")
    elif high is not None:
        parts.append(f"{_number(high)} or less")
    if limits.step is not None:
        parts.append(f"in steps of {_number(limits.step)}")
    if limits.shortest:
        parts.append("not empty" if limits.shortest == 1 else f"at least {limits.shortest} long")
    if limits.longest is not None:
        parts.append(f"at most {limits.longest:,} characters")
    return ", ".join(parts)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _default(shape: Shape) -> str:
    if shape.required:
        return _REQUIRED
    if shape.default is None:
        return _UNSET
    if isinstance(shape.default, str) and shape.default:
        return shape.default
    return json.dumps(shape.default)


def _either(names: Sequence[Any]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} or {last}" if most else last


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StageConfig)


def _first_line(model: type[StageConfig]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _chosen(word: str, all_groups: Sequence[Group]) -> list[Group]:
    """Return the groups, or the parts of groups, that a word names.

    Raises:
        ConfigError: it is neither a stage nor a setting.
    """
    if whole := [group for group in all_groups if group.name == word]:
        return whole
    found = []
    for group in all_groups:
        own = tuple(one for one in group.settings if one.name == word)
        if own:
            found.append(Group(group.name, group.title, group.meaning, own))
    if not found:
        settings = [one.name for group in all_groups for one in group.settings]
        near = listed(word, [*(group.name for group in all_groups), *settings])
        guess = near.partition(". Did you mean")[2]
        stages = ", ".join(group.name for group in all_groups)
        message = f"no stage and no setting {shown(word)}; stages: {stages}"
        raise ConfigError(f"{message}. Did you mean{guess}" if guess else message)
    return found


def _help_of(setting: Setting, width: int) -> Iterator[str]:
    limits = " ".join(filter(None, [setting.limits, setting.unit]))
    takes = ", ".join(filter(None, [setting.type, limits]))
    has_none = setting.default in {_UNSET, _REQUIRED}
    default = setting.default if has_none else f"default {setting.default}"
    first = f"{setting.name}  {takes}; {default}"
    indent = " " * 6
    yield from textwrap.wrap(first, width, initial_indent="  ", subsequent_indent=indent)
    yield from textwrap.wrap(
        setting.meaning, width, initial_indent=indent, subsequent_indent=indent
    )


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
