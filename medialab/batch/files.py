"""A batch as a YAML file: its name, the settings of its pictures, and the axes.

    name: poster
    settings:
      prompt: a red car
      face: {enabled: true}
    axes:
      seed: 1-4
      face.denoising_strength: 0.2-0.6 [3]
      prompt: {file: prompts.txt}

Every value is read as the text that stands there, and then by its setting: `no` is a prompt where a
prompt is asked for, and `007` is a number where a number is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from medialab.batch.axes import plain_value
from medialab.batch.batch import Batch
from medialab.batch.executors import Bench
from medialab.batch.setting_names import setting_names, shape_of
from medialab.batch.sweep import How, Sweep
from medialab.batch.values import split_values
from medialab.config.notebook import plain_values, refuse_unknown
from medialab.config.pipeline import PipelineConfig
from medialab.errors import BatchError, ConfigError, listed, near, shown
from medialab.files.regular import read_regular
from medialab.settings.fields import StageConfig
from medialab.settings.shapes import Shape

_KEYS = ("name", "settings", "axes", "how", "count", "seed", "metrics")
_UNSET = ("", "null", "~")
# Bytes of a file; long lists of prompts stand in a text of their own.
_MOST_BYTES = 8 * 2**20
# Values of a file; aliases can stand for very many.
_MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class BatchFile:
    """A batch that was read from a file: its name, and its sweep."""

    name: str
    sweep: Sweep
    metrics: Sequence[Any] = ()

    def begin(self, bench: Bench) -> Batch:
        """Begin the batch, or open it if it was begun before; see `Batch.begin`."""
        return Batch.begin(bench, self.sweep, self.name, self.metrics)


def read_batch(path: Path) -> BatchFile:
    """Read a batch from a YAML file; its name is the file's if none stands there.

    Raises:
        BatchError: the file cannot be read, is not YAML, or has a key that a batch does not have.
        ConfigError: a setting or an axis is refused.
    """
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise BatchError(f"{path.name} cannot be read: {why}") from error
    return batch_of(_content(text, path.name), path)


def parse_batch(text: str, name: str) -> BatchFile:
    """Read a batch from the text of a file that is not here, such as one sent by a browser.

    Args:
        text: In YAML.
        name: The file's.

    Raises:
        BatchError: it is not YAML, has a key that a batch does not have, or names other files.
        ConfigError: a setting or an axis is refused.
    """
    return plain_batch(_content(text, name), name)


def plain_batch(content: Mapping[str, Any], name: str) -> BatchFile:
    """Return the batch of values that another program gives: of their own kinds, and no files.

    Args:
        content: Values by the keys of a batch's file.
        name: What they are called in messages, and the batch if they do not name it.

    Raises: as `parse_batch`.
    """
    for axis, values in _mapping(content, "axes", name).items():
        if isinstance(values, dict):
            message = f"{name}: {axis}: other files are not read with it; write the values here"
            raise BatchError(message)
    read = batch_of(content, Path(name))
    if not all(isinstance(metric, str) for metric in read.metrics):
        message = f"{name}: metrics: other files are not read with it; name no picture there"
        raise BatchError(message)
    return read


def batch_in(namespace: Mapping[str, Any]) -> BatchFile:
    """Return the batch in a notebook's `globals()`, straight after its parameters cell.

    Args:
        namespace: With `name`, `settings`, `axes`, `how`, `count` and `seed`, as papermill puts
            them there; mappings may be text in YAML.

    Raises:
        BatchError: there is another name, or a value is not of its kind.
        ConfigError: a setting or an axis is refused.
    """
    given = plain_values(namespace, _KEYS)
    refuse_unknown(given, _KEYS)
    return batch_of(given, Path("batch"))


def batch_of(content: Mapping[str, Any], path: Path) -> BatchFile:
    """Return the batch of a file's content.

    Args:
        content: Values by the keys of a batch's file.
        path: The file; its name is the batch's if none is given, and files that it names lie
            beside it.

    Raises:
        BatchError: there is another key, or a value is not of its kind.
        ConfigError: a setting or an axis is refused.
    """
    for key in content:
        if key not in _KEYS:
            message = f"{path.name}: a batch has no {shown(key)}; {listed(str(key), _KEYS)}"
            raise BatchError(message)
    how: Any = content.get("how", "")
    if how is None or how == "":
        how = "grid"
    if how not in get_args(How):
        raise BatchError(f"{path.name}: how: {shown(how)}; {listed(str(how), get_args(How))}")
    settings, axes = (_mapping(content, key, path.name) for key in ("settings", "axes"))
    sweep = Sweep(
        PipelineConfig.parse(_settings(settings)),
        {name: _axis(name, values, path.parent) for name, values in axes.items()},
        how,
        count=_whole(content, "count", path.name),
        seed=_whole(content, "seed", path.name) or 0,
    )
    metrics = _metrics(content.get("metrics"), path)
    return BatchFile(_name(content, path), sweep, metrics)


class _Loader(yaml.BaseLoader):
    """Reads every value as its text; refuses tags and keys that stand twice."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if not str(node.tag).startswith("tag:yaml.org,2002:") or "python" in str(node.tag):
            message = f"the tag {shown(node.tag)} is not allowed; write plain values"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            names = Counter(str(key.value) for key, _ in node.value)
            if twice := next((name for name, count in names.items() if count > 1), None):
                message = f"{shown(twice)} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return super().construct_object(node, deep)


def _yaml(text: str, name: str) -> Any:
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - builds texts, lists and mappings only
        _count(content)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BatchError(f"{name} is not the YAML of a batch: {error}") from error
    return content


def _content(text: str, name: str) -> Mapping[str, Any]:
    content = _yaml(text, name)
    if not isinstance(content, dict):
        message = f"{name} is not the YAML of a batch: write names and values, such as seed: 1-4"
        raise BatchError(message)
    return content


def _count(value: Any, left: int = _MOST_VALUES) -> int:
    """Return how many more values a file may have."""
    if left <= 0:
        message = f"it has more than {_MOST_VALUES:,} values"
        raise ValueError(message)
    left -= 1
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        left = _count(part, left)
    return left


def _name(content: Mapping[str, Any], path: Path) -> str:
    name = content.get("name")
    if name is None or name in _UNSET:
        return path.stem
    # papermill's -p reads 2024 as a number; false and other values were no names before.
    is_name = isinstance(name, str) or (isinstance(name, int) and not isinstance(name, bool))
    if not is_name:
        raise BatchError(f"{path.name}: name: {shown(name)} is not text; put it in quotes")
    return str(name)


def _metrics(given: Any, path: Path) -> list[Any]:
    """Return metrics as `read_metrics` takes them; references lie beside the file.

    Raises:
        BatchError: they are not names, or a reference is not the name of a file.
    """
    if given is None or given in _UNSET:
        return []
    if isinstance(given, str):
        is_yaml = given.lstrip()[:1] in {"[", "{", "-"}
        given = _yaml(given, f"{path.name}: metrics") if is_yaml else split_values(given)
    found: list[Any] = []
    for one in given if isinstance(given, (list, tuple)) else [given]:
        pairs = one.items() if isinstance(one, dict) else [(one, None)]
        for name, reference in pairs:
            if not isinstance(name, str) or not isinstance(reference, (str, type(None))):
                message = f"{path.name}: metrics: write names such as sharpness, not {shown(one)}"
                raise BatchError(message)
            found.append(name if reference is None else {name: path.parent / reference})
    return found


def _mapping(content: Mapping[str, Any], key: str, name: str) -> Mapping[str, Any]:
    found = content.get(key)
    if found is None or found == "":
        return {}
    if isinstance(found, str):
        found = _content(found, f"{name}: {key}")
    if not isinstance(found, dict):
        message = f"{name}: {key}: write names with values, not {shown(found)}"
        raise BatchError(message)
    return found


def _whole(content: Mapping[str, Any], key: str, name: str) -> int | None:
    text = content.get(key)
    if text is None or text in _UNSET:
        return None
    is_number = isinstance(text, int) and not isinstance(text, bool)
    if not is_number and not (isinstance(text, str) and text.isdecimal()):
        message = f"{name}: {key}: {shown(text)} is not a whole number"
        raise BatchError(message)
    return int(text)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as a config takes them; names may have dots, stages may be mappings."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict) and _is_stage(name):
            inner = {one: _value(f"{name}.{one}", part) for one, part in value.items()}
            found.setdefault(name, {}).update(inner)
            continue
        stage, _, last = name.rpartition(".")
        place = found.setdefault(stage, {}) if stage else found
        place[last] = _value(name, value)
    return found


def _value(name: str, value: Any) -> Any:
    shape = shape_of(name)
    _refuse_read_as_another(name, value, shape)
    if isinstance(value, str) and value in _UNSET and shape.optional:
        return None
    return plain_value(value, shape)


def _point(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _unset(name, value) for name, value in point.items()}


def _unset(name: str, value: Any) -> Any:
    """Return None for `null` where a setting may be left to the studio."""
    if value != "null":
        return value
    with suppress(ConfigError):  # a title, or a name that is refused where it is read
        return None if shape_of(name).optional else value
    return value


def _refuse_read_as_another(name: str, value: Any, shape: Shape) -> None:
    """Refuse a value that YAML or papermill has read as a number, and that should be text.

    Raises:
        ConfigError: it is one; what was written, such as 007, is no longer known.
    """
    if shape.kind is str and not shape.many and isinstance(value, (bool, int, float)):
        message = (
            f"{name}={shown(value)}: write text; without quotes, YAML reads words such as no, 007 "
            "and 12:30 as true, false or a number: put them in quotes"
        )
        raise ConfigError(message).about(name)


def _is_stage(name: str) -> bool:
    field = PipelineConfig.model_fields.get(name)
    kind = field.annotation if field else None
    return isinstance(kind, type) and issubclass(kind, StageConfig)


def _axis(name: str, values: Any, folder: Path) -> Any:
    """Return the values of an axis; a file's path is taken from the folder of the batch's file."""
    if isinstance(values, (int, float)):
        values = [values]  # papermill's reading of `steps: 20`, which a file's text is one value of
    if isinstance(values, list):
        if name in setting_names():
            for value in values:
                _refuse_read_as_another(name, value, shape_of(name))
        return [_point(one) if isinstance(one, dict) else _unset(name, one) for one in values]
    if not isinstance(values, dict):
        return values
    if [*values] != ["file"] or not isinstance(values["file"], str):
        message = f"{name}: write a list of values, text such as 1-4, or file: prompts.txt"
        raise ConfigError(message + near(str(next(iter(values), "")), ["file"])).about(name)
    return folder / values["file"]
