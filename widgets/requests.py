"""What the Generate button asks for: the request of one picture, or a sweep of many."""

import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from medialab import PipelineConfig
from medialab.batch.axes import REPLACE, Axis, read_axis
from medialab.batch.faults import Fault as SweepFault
from medialab.batch.setting_names import shape_of
from medialab.batch.sweep import How, Sweep, value_of
from medialab.batch.values import number_values, split_values
from medialab.errors import ConfigError, MediaLabError, shown
from medialab.prompts.lines import read_lines
from medialab.settings.fields import DRAWN_BELOW, LARGEST_SEED, RANDOM_SEED
from medialab.stages import TITLES
from widgets.generate import Fault
from widgets.messages import label_of, text_of

Find = Callable[[str, str], object]
"""Looks up a model by its name and kind; raises a `MediaLabError` if there is none."""

MOST = 100_000  # pictures; more is a typing error, or work for a batch in a notebook
_TICKS = {"true": "on", "on": "on", "false": "off", "off": "off"}
NO_LORA = "none"  # as a value of an axis
# An axis over one LoRA's weight: the name of the setting that lists it, then the LoRA's.
WEIGHT = ":"
_MOST_FAULTS = 6  # told at once; a longer list says nothing more
_OWN_LABELS = {REPLACE: "Words of the prompt replaced"}


class FaultsError(ConfigError):
    """Some of what is asked for is wrong; `faults` says where."""

    faults: Sequence[Fault] = ()

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Return the error of these faults."""
        error = cls(" ".join(fault["text"] for fault in faults))
        error.faults = faults
        return error


class Seeds:
    """The seeds of pictures whose seed is left to chance, drawn when they are first asked for.

    They stay until `renew`, so that what is counted beforehand is what is made.

    Args:
        drawn: seeds that were drawn before.
    """

    def __init__(self, drawn: Sequence[int] = ()) -> None:
        self._drawn = list(drawn)

    def renew(self) -> None:
        """Draw others from now on."""
        self._drawn = []

    def of(self, base: Mapping[str, Any], count: int) -> list[int]:
        """Return so many seeds: from the form's on, or random ones if it has none."""
        first = base.get("seed", RANDOM_SEED)
        if first != RANDOM_SEED:
            return [(first + number) % (LARGEST_SEED + 1) for number in range(count)]
        missing = count - len(self._drawn)
        self._drawn += [secrets.randbelow(DRAWN_BELOW) for _ in range(missing)]
        return self._drawn[:count]


def sweep_of(asked: Mapping[str, Any], base: Mapping[str, Any], find: Find, seeds: Seeds) -> Sweep:
    """Return the sweep that is asked for; what each of its cells is, is not checked.

    Args:
        asked: what the menu of the Generate button has chosen, as `Generate.asked`; not "one".
        base: the settings of the form, as `PipelineConfig.parse` takes them.
        find: looks up a model that is a value of an axis.
        seeds: has the seeds that are left to chance.

    Raises:
        FaultsError: some of it cannot be read, or there are too many.
        ConfigError: a setting of the form is refused.
    """
    config = PipelineConfig.parse(dict(base))
    if config.batch_size > 1:
        text = f"Pictures is {config.batch_size}: set it to 1, since each is made once here."
        raise FaultsError.of([Fault(at="", text=text)])
    if asked["mode"] == "times":
        count = _few(int(asked["times"]), "times")
        return Sweep(_at_one(config), {"seed": seeds.of(base, count)})
    if asked["mode"] == "lines":
        return _listed(str(asked["lines"]), int(asked["seeds"]), base, seeds)
    return _swept(asked, config, base, find, seeds)


def faults_in(sweep: Sweep, mode: str) -> list[Fault]:
    """Return what is wrong with a sweep's values and cells, each beside its field.

    Args:
        sweep: as `sweep_of` returns it.
        mode: of what was asked for.
    """
    # The first axis of the fields is the columns, which are the last of a sweep.
    places = {axis.name: f"axis {at}" for at, axis in enumerate(reversed(sweep.axes))}
    if mode != "sweep":
        places = dict.fromkeys(places, mode)
    told = [Fault(at=places.get(one.axis, ""), text=_told(one)) for one in sweep.faults]
    return _first(told)


def _at_one(config: PipelineConfig) -> PipelineConfig:
    """Return a request with a seed, since those of a sweep are known before it begins."""
    return config.model_copy(update={"seed": 0}) if config.seed == RANDOM_SEED else config


def _listed(text: str, count: int, base: Mapping[str, Any], seeds: Seeds) -> Sweep:
    lines = _lines(text)
    own_seeds = any("seed" in line for line in lines)
    _few(sum(1 if "seed" in line else count for line in lines), "lines")
    config = _at_one(PipelineConfig.parse(dict(base)))
    drawn = seeds.of(base, count)
    if not own_seeds:
        axes: dict[str | tuple[str, ...], Any] = {"prompt": lines}
        if count > 1:
            axes["seed"] = drawn
        return Sweep(config.model_copy(update={"seed": drawn[0]}), axes)
    each = [
        {**line, "seed": seed}
        for line in lines
        for seed in ([line["seed"]] if "seed" in line else drawn)
    ]
    return Sweep(config, {"prompt": each})


def _lines(text: str) -> list[dict[str, Any]]:
    try:
        lines = read_lines(text)
    except ConfigError as error:
        raise FaultsError.of([Fault(at="lines", text=text_of(error))]) from error
    if not lines:
        raise FaultsError.of([Fault(at="", text="Write a prompt on each line.")])
    return lines


def _swept(
    asked: Mapping[str, Any],
    config: PipelineConfig,
    base: Mapping[str, Any],
    find: Find,
    seeds: Seeds,
) -> Sweep:
    axes = _axes(asked["axes"], config, find)
    if not axes:
        raise FaultsError.of([Fault(at="", text="Choose a setting, and write its values.")])
    how: How = asked["how"]
    count = _count(asked, {one.axis.name: len(one.axis) for one in axes})
    if config.seed == RANDOM_SEED:
        # One seed for all: what differs is what is swept.
        config = config.model_copy(update={"seed": seeds.of(base, 1)[0]})
    values = {one.axis.name: one.values for one in reversed(axes)}
    return Sweep(config, dict(values), how, count=count if how == "random" else None)


def _count(asked: Mapping[str, Any], lengths: Mapping[str, int]) -> int:
    """Return how many pictures a sweep has.

    Raises:
        FaultsError: there are too many, or the axes do not go together.
    """
    every, how = math.prod(lengths.values()), asked["how"]
    if how == "zip":
        if len({*lengths.values()}) > 1:
            told = ", ".join(f"{axis_label(name)} has {each}" for name, each in lengths.items())
            text = f"Side by side, all settings need as many values: {told}."
            raise FaultsError.of([Fault(at="how", text=text)])
        return max(lengths.values())
    if how == "random":
        count = int(asked["count"])
        if count > every:
            text = f"There are only {every:,} combinations; choose at most so many of them."
            raise FaultsError.of([Fault(at="count", text=text)])
        return _few(count, "count")
    return _few(every, "")


class _Asked(NamedTuple):
    """An axis that was asked for, and its values as a person writes them."""

    axis: Axis
    values: Any


def _axes(asked: Sequence[Mapping[str, str]], config: PipelineConfig, find: Find) -> list[_Asked]:
    """Return the axes that are asked for; all faults are told at once, each at its field."""
    found: list[_Asked] = []
    faults = []
    for number, one in enumerate(asked):
        if not one["name"]:
            continue
        try:
            read = _axis(one["name"], one["values"], config, find)
            _refuse_twice(read.axis, [other.axis for other in found])
            found.append(read)
        except MediaLabError as error:
            faults.append(Fault(at=f"axis {number}", text=text_of(error)))
    if faults:
        raise FaultsError.of(faults)
    return found


def _refuse_twice(axis: Axis, others: Sequence[Axis]) -> None:
    for name in axis.settings:
        if any(name in other.settings for other in others):
            message = f"{axis_label(name)} is varied already; choose another setting"
            raise ConfigError(message)


def _axis(name: str, text: str, config: PipelineConfig, find: Find) -> _Asked:
    if not text.strip():
        message = "write its values, with commas between them"
        raise ConfigError(message)
    setting = name.partition(WEIGHT)[0]
    _refuse_if_off(setting, config)
    title = name
    values: Any = text
    if setting != name:
        title, values = axis_label(name), _weights(name, text, config)
    elif setting.rpartition(".")[2] == "loras":
        values = [[] if one == NO_LORA else [one] for one in split_values(text)]
    axis = read_axis(title, values, config)
    for model, kind in _models(setting, axis):
        find(model, kind)
    return _Asked(axis, values)


def _weights(name: str, text: str, config: PipelineConfig) -> list[dict[str, Any]]:
    """Return the values of an axis over the weight of one LoRA among those that are set.

    Raises:
        ConfigError: it is not among them, or a weight is no number.
    """
    setting, _, lora = name.partition(WEIGHT)
    plain = [one.model_dump() for one in value_of(config, setting) or ()]
    if not any(one["name"] == lora for one in plain):
        message = f"{lora} is no longer among the LoRAs; add it, or choose another setting"
        raise ConfigError(message)
    weights = number_values(text, float)
    if wrong := [one for one in weights if isinstance(one, str)]:
        message = f"{shown(wrong[0])} is not a weight; write numbers, such as 0.4-1 [4]"
        raise ConfigError(message)
    return [
        {setting: [one | ({"weight": weight} if one["name"] == lora else {}) for one in plain]}
        for weight in weights
    ]


def _models(name: str, axis: Axis) -> Iterator[tuple[str, str]]:
    """Yield the models that are values of an axis, each with its kind."""
    if name.rpartition(".")[2] == "loras":
        yield from ((str(one["name"]), "lora") for point in axis.points for one in point[name])
        return
    named = shape_of(name).named if name != REPLACE else None
    if named is None or named.free:
        return
    known = {None, "", *named.also}
    for point in axis.points:
        if point[name] not in known:
            yield str(point[name]), named.kind


def _refuse_if_off(name: str, config: PipelineConfig) -> None:
    stage, _, setting = name.rpartition(".")
    if stage and setting != "enabled" and not config.runs(stage):
        message = f"{TITLES[stage]} is off, so that this changes nothing; switch it on first"
        raise ConfigError(message)


def axis_label(name: str) -> str:
    """Return the name of an axis as a person reads it."""
    setting, weight, lora = name.partition(WEIGHT)
    stage, _, last = setting.rpartition(".")
    if weight and last == "loras":
        return f"{f'{TITLES[stage]}, ' if stage else ''}{lora} weight"
    return _OWN_LABELS.get(name) or label_of(name) or name


def value_label(name: str, label: str) -> str:
    """Return a value as the edge of a grid has it: a number needs its setting's name."""
    title = axis_label(name)
    if label.casefold() in _TICKS:
        return f"{title.removesuffix(': On')}: {_TICKS[label.casefold()]}"
    try:
        float(label)
    except ValueError:
        return label
    return f"{title} {label}"


def _told(fault: SweepFault) -> str:
    text = text_of(ConfigError(fault.message))
    return text if fault.axis else f"Row {fault.row + 1} ({fault.label}): {text}"


def _first(faults: Sequence[Fault]) -> list[Fault]:
    faults = [fault for at, fault in enumerate(faults) if fault not in faults[:at]]
    left = len(faults) - _MOST_FAULTS
    told = list(faults[:_MOST_FAULTS])
    return told if left <= 0 else [*told, Fault(at="", text=f"And {left:,} more.")]


def _few(count: int, at: str) -> int:
    if count > MOST:
        text = f"{count:,} pictures are more than {MOST:,} at once."
        raise FaultsError.of([Fault(at=at, text=text)])
    return count
