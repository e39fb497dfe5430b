"""A picture's settings and record as the rows of a table, in the words of the form."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from medialab import PipelineConfig
from medialab.artifacts.differences import Difference, settings_in
from medialab.artifacts.why import Reason
from medialab.stages import MODES, TITLES
from widgets.details import Group, Row
from widgets.messages import label_of
from widgets.shapes import Shape, shapes_of

# Shown even where they are as usual: what a person looks for first.
_FOREMOST: Final = ("prompt", "checkpoint", "seed", "steps", "guidance_scale", "sampler")
_NAME = 64  # characters of a stored picture's name
_SHOWN = 8  # of them, in the table
_HASH = 10  # characters of a model's hash
_REASONS: Final = {
    "device": "Device",
    "dtype": "Precision",
    "processor": "Processor",
    "threads": "CPU threads",
    "interrupted": "Cancelled",
}
_SIZE = ("width", "height")
_RAN_ALWAYS: Final = frozenset({"prompt", "control", "finish"})  # no title of their own here


def groups_of(
    config: PipelineConfig, record: Mapping[str, Any], facts: Iterable[Row] = ()
) -> list[Group]:
    """Return the settings of a picture by stage, with what the record tells of each.

    Args:
        config: the settings.
        record: the record of the run; empty if it is not known.
        facts: rows about the file, for the last group.
    """
    settings = settings_in(config)
    default = settings_in(PipelineConfig())
    ran = {stage["name"]: stage for stage in record.get("stages", ())}
    main = config.mode if config.mode in ran else "txt2img"
    groups = [Group("Picture", _note(ran.get(main)), tuple(_base_rows(settings, default)))]
    for name, title in TITLES.items():
        rows = tuple(_stage_rows(name, settings))
        is_on = settings.get(f"{name}.enabled", bool(rows))
        if is_on and (rows or (name in ran and name not in _RAN_ALWAYS and name != main)):
            found = tuple(_found(ran.get(name, {})))
            groups.append(Group(title, _note(ran.get(name)), found + rows))
    groups.append(Group("Run", "", (*facts, *_run_rows(record))))
    return [group for group in groups if group.rows or group.note]


def rows_of(found: Sequence[Difference]) -> tuple[Row, ...]:
    """Return differences as rows with both values; where a stage does not run, it has none."""
    off = (
        _off([(one.name, one.one) for one in found]),
        _off([(one.name, one.other) for one in found]),
    )
    return tuple(
        Row(
            label_of(one.name) or one.name,
            _text_or_none(one.name, one.one, off[0]),
            _text_or_none(one.name, one.other, off[1]),
        )
        for one in found
    )


def switched_off(values: Iterable[tuple[str, Any]]) -> set[str]:
    """Return the stages that are switched off by some settings, each a name and a value."""
    return {
        name.rpartition(".")[0] for name, value in values if name.endswith(".enabled") and not value
    }


def _off(values: Sequence[tuple[str, Any]]) -> set[str]:
    """Return the stages that do not run on one side of a comparison, as far as it tells."""
    modes = [value for name, value in values if name == "mode"]
    return switched_off(values) | ({*MODES} - {*modes} if modes else set())


def _text_or_none(name: str, value: Any, off: set[str]) -> str:
    is_off = value is None and name.rpartition(".")[0] in off
    return "–" if is_off else _text(name, value)


def rows_of_reasons(found: Sequence[Reason]) -> tuple[Row, ...]:
    """Return what differs besides settings, models' files and the machine, as rows."""
    return tuple(
        Row(_REASONS.get(one.name, one.name), _value(one, one.one), _value(one, one.other))
        for one in found
        if one.kind not in {"setting", "file"}
    )


def json_of(config: PipelineConfig) -> str:
    """Return settings as JSON, only those that are not the default."""
    content = config.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(content, ensure_ascii=False, indent=2)


def _base_rows(settings: Mapping[str, Any], default: Mapping[str, Any]) -> Iterator[Row]:
    shapes = shapes_of(PipelineConfig)
    for name, value in settings.items():
        if "." in name or name == "height":
            continue
        if name == "width":
            yield Row("Size", " × ".join(str(settings[side]) for side in _SIZE))
            continue
        is_usual = name not in _FOREMOST and value == default.get(name)
        yield Row(shapes[name].title, _text(name, value), is_usual=is_usual)


def _stage_rows(stage: str, settings: Mapping[str, Any]) -> Iterator[Row]:
    part = PipelineConfig.model_fields.get(stage)
    begin = f"{stage}."
    own = {
        name.removeprefix(begin): value
        for name, value in settings.items()
        if name.startswith(begin) and name != f"{stage}.enabled"
    }
    if part is None or not own:
        return
    shapes: Mapping[str, Shape] = shapes_of(part.annotation)  # type: ignore[arg-type] # a stage's
    for name, value in own.items():
        shape = shapes[name]
        text = _text(name, value)
        unit = f" {shape.shown_unit}" if shape.shown_unit and value is not None else ""
        yield Row(shape.title, f"{text}{unit}", is_usual=value == shape.default)


def _found(stage: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what a detailer has found and drawn."""
    applied = stage.get("applied", {})
    if "found" in applied:
        drawn = len(applied.get("drawn", ()))
        yield Row("Found", f"{applied['found']}, redrawn {drawn}")


def _run_rows(record: Mapping[str, Any]) -> Iterator[Row]:
    seconds = [stage["seconds"] for stage in record.get("stages", ())]
    if seconds:
        yield Row("Time", f"{sum(seconds):.1f} s")
    known = {"Device": "device", "Precision": "dtype", "Processor": "processor"}
    for label, name in known.items():
        if record.get(name):
            yield Row(label, str(record[name]), is_usual=label != "Device")
    for name, version in record.get("versions", {}).items():
        yield Row(name, str(version), is_usual=True)


def _note(stage: Mapping[str, Any] | None) -> str:
    if stage is None:
        return ""
    return "cached" if stage.get("cached") else f"{stage['seconds']:.1f} s"


def _value(reason: Reason, value: Any) -> str:
    if value is None:
        return "–"
    return str(value)[:_HASH] if reason.kind == "model" else str(value)


def _text(name: str, value: Any) -> str:
    """Return a value as a person reads it."""
    last = name.rpartition(".")[2]
    if value is None:
        return _open_text(name)
    if name in {"seed", "mode"}:
        return "random" if value == -1 else TITLES.get(str(value), str(value))
    if isinstance(value, (list, tuple)):
        return _list_text(last, value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if last in {"image", "mask"} and len(str(value)) == _NAME:
        return f"picture {value[:_SHOWN]}…"
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def _open_text(name: str) -> str:
    """Return what stands for a setting that is left open."""
    if name.rpartition(".")[2] in {"mask", "detections", "image"}:
        return "–"
    return "inherited" if "." in name else "automatic"


def _list_text(name: str, items: Sequence[Any]) -> str:
    if name == "detections":
        return "1 edited box" if len(items) == 1 else f"{len(items)} edited boxes"
    if name == "references" and items:
        return "1 picture" if len(items) == 1 else f"{len(items)} pictures"
    return ", ".join(map(_item_text, items)) or "none"


def _item_text(item: Any) -> str:
    weight = getattr(item, "weight", None)
    named = getattr(item, "name", None) or getattr(item, "model", None)
    if named is None:
        return str(item)
    return str(named) if weight is None else f"{named} × {weight:g}"


def time_text(created: str) -> str:
    """Return the moment of a sidecar as this machine's users write it."""
    return f"{datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
