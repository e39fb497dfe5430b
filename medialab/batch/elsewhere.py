"""Pictures of a sweep that are in the outputs folder already, whatever asked for them.

Saved pictures are looked through, not rows: there may be many more rows than pictures.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from medialab.artifacts import Artifact, ArtifactManager, Query, Sidecar
from medialab.batch.combinations import Place
from medialab.batch.sweep import Sweep, value_of
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, MediaLabError
from medialab.files.regular import read_regular
from medialab.runs.maker import INTERRUPTED

# Settings that stay as they are when a request is resolved, and that decide nothing else then. A
# seed does if prompts have choices, which are drawn from it.
_PLAIN = frozenset(
    {
        "seed",
        "guidance_scale",
        "distilled_guidance_scale",
        "guidance_start",
        "guidance_end",
        "steps",
        "sampler",
        "schedule",
        "denoising_strength",
    }
)
_CHOICES = ("{", "__")
_HASHES, _TOGETHER = "models_sha256", "together"
_MOST_PICTURES = 10_000_000  # that are looked through: all
_MOST_BYTES = 64 * 2**20  # of a sidecar


class Elsewhere:
    """Finds the saved pictures of a sweep's rows.

    Args:
        sweep: The sweep, with its seeds.
        resolve: Completes a request, as `Workbench.resolve`.
    """

    def __init__(self, sweep: Sweep, resolve: Callable[[PipelineConfig], ResolvedConfig]) -> None:
        self._sweep, self._resolve = sweep, resolve
        self._indices = [_by_values(sweep, axis) for axis in range(len(sweep.axes))]
        self._rows: dict[Place, int] | None = None
        if sweep.how != "grid":
            self._rows = {place: row for row, place in enumerate(sweep.places())}
        self._plain = _PLAIN - ({"seed"} if _has_choices(sweep) else frozenset())
        self._resolved: dict[Place, Mapping[str, Any] | None] = {}

    def find(self, artifacts: ArtifactManager, known: Collection[str]) -> dict[int, Artifact]:
        """Return the newest saved picture of each row that has one.

        Cost: a tenth of a millisecond for each picture of the sweep's seeds and checkpoints.

        Args:
            artifacts: The saved pictures.
            known: Paths of pictures, in the outputs folder, that are not looked at.

        Raises:
            ArtifactError: the pictures cannot be listed.
        """
        seeds, checkpoints = (_values_of(self._sweep, name) for name in ("seed", "checkpoint"))
        checkpoints |= {""}  # of pictures that nothing was drawn in
        found: dict[int, Artifact] = {}
        for one in artifacts.find(Query(), limit=_MOST_PICTURES):
            is_near = one.seed in seeds and one.checkpoint in checkpoints
            if not is_near or INTERRUPTED in one.tags:
                continue
            if one.path.relative_to(artifacts.folder).as_posix() not in known:
                row = self._row_of(one)
                if row is not None:
                    found.setdefault(row, one)
        return found

    def _row_of(self, artifact: Artifact) -> int | None:
        """Return the row whose request a picture was made by; None if there is none."""
        config = _config_of(artifact)
        if config is None:
            return None
        places = []
        for axis, indices in zip(self._sweep.axes, self._indices, strict=True):
            index = indices.get(_written(_value_in(config, name) for name in axis.settings))
            if index is None:
                return None
            places.append(index)
        place = tuple(places)
        row = self._row_at(place)
        return row if row is not None and self._is_of(row, place, config) else None

    def _row_at(self, place: Place) -> int | None:
        if self._rows is not None:
            return self._rows.get(place)
        row = 0
        for index, length in zip(place, self._sweep.shape, strict=True):
            row = row * length + index
        return row

    def _is_of(self, row: int, place: Place, config: Mapping[str, Any]) -> bool:
        """Return whether a row's request is resolved to a config, but for models not in use."""
        axes = self._sweep.axes
        key = tuple(
            index if any(not self._is_plain(name) for name in axis.settings) else -1
            for axis, index in zip(axes, place, strict=True)
        )
        if key not in self._resolved:
            self._resolved[key] = self._resolve_row(row)
        resolved = self._resolved[key]
        if resolved is None:
            return False
        expected = dict(resolved)
        for name in (name for axis in axes for name in axis.settings if self._is_plain(name)):
            stage, _, last = name.rpartition(".")
            if stage:
                expected[stage] = {**expected[stage], last: config[stage][last]}
            else:
                expected[name] = config[name]
        hashes = expected.pop(_HASHES)
        # Drawn with others or alone, it is the picture that was asked for.
        left_out = {_HASHES, _TOGETHER}
        expected.pop(_TOGETHER)
        is_same = expected == {name: one for name, one in config.items() if name not in left_out}
        return is_same and config[_HASHES].items() <= hashes.items()

    def _is_plain(self, name: str) -> bool:
        return name.rpartition(".")[2] in self._plain

    def _resolve_row(self, row: int) -> Mapping[str, Any] | None:
        try:
            return self._resolve(self._sweep.config(row)).model_dump(mode="json")
        except MediaLabError:  # it is told when the row is made
            return None


def _by_values(sweep: Sweep, axis: int) -> dict[str, int]:
    """Return the index of an axis' first point with these values of all of its settings."""
    found: dict[str, int] = {}
    names = sweep.axes[axis].settings
    otherwise = {name: value_of(sweep.base, name) for name in names}
    for index, point in enumerate(sweep.axes[axis].points):
        values = {**otherwise, **point}
        found.setdefault(_written(to_jsonable_python(values[name]) for name in names), index)
    return found


def _written(values: Any) -> str:
    return json.dumps([*values])


def _value_in(config: Mapping[str, Any], name: str) -> Any:
    stage, _, last = name.rpartition(".")
    return config[stage][last] if stage else config[last]


def _values_of(sweep: Sweep, name: str) -> set[Any]:
    """Return all values of a setting that a row may have."""
    swept = {point[name] for axis in sweep.axes for point in axis.points if name in point}
    return swept | {value_of(sweep.base, name)}


def _has_choices(sweep: Sweep) -> bool:
    """Return whether a prompt may have choices, which are drawn from the seed."""
    parts: list[Any] = [sweep.base, *sweep.base.drawing_parts().values()]
    texts = [text for part in parts for text in (part.prompt, part.negative_prompt) if text]
    texts += sweep.base.texts()
    values = (value for axis in sweep.axes for point in axis.points for value in point.values())
    texts += [value for value in values if isinstance(value, str)]
    return any(sign in text for text in texts for sign in _CHOICES)


def _config_of(artifact: Artifact) -> Mapping[str, Any] | None:
    """Return the config in a picture's sidecar as plain values; None if it cannot be read."""
    try:
        config = json.loads(read_regular(artifact.sidecar, _MOST_BYTES))["config"]
        if isinstance(config, dict) and config.keys() == ResolvedConfig.model_fields.keys():
            return config
        # Of an older version of this program.
        return Sidecar.read(artifact.sidecar).config.model_dump(mode="json")
    except (ArtifactError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
