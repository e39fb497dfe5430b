"""Checks on a model's folder and its configs, before any class is built from them.

A library silently uses defaults if a config is missing, empty or incomplete, and so draws another
picture; given a million layers, it starts to build them. So the settings that determine pixels are
required, and sizes are compared with those of the weights in the folder.

Required are the settings that diffusers 0.6 and transformers 4.22 already wrote in 2022, since
models published then have no others. In later models, later settings are required too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from medialab.errors import ModelRefusedError
from medialab.files.headers import read_header
from medialab.files.opening import check_file

Shapes = Mapping[str, tuple[int, ...]]

# Prefixes of the weights' file names in both libraries; other files are not read.
_WEIGHTS = ("diffusion_pytorch_model", "model")
_SAFETENSORS = ".safetensors"
# With this file, transformers would load another model from the hub.
_ADAPTER = "adapter_config.json"
LARGEST_CONFIG = 1_000_000  # bytes; the longest published ones, with all labels, have a tenth
LARGEST_TOKENIZER = 64_000_000  # bytes; the largest published vocabularies have half
_VERSION = re.compile(r"(\d+)\.(\d+)\.")

Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Layers = Annotated[int, Field(strict=True, ge=1, le=256)]
Number = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
Word = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Levels = Annotated[list[Count], Field(min_length=1, max_length=16)]
Blocks = Annotated[list[Word], Field(min_length=1, max_length=16)]


class PartConfig(BaseModel):
    """Required settings and their limits; the library itself checks all others."""

    # A validator is built when the first such config is read, not when its class is imported.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


def is_since(config: BaseModel, minor: int) -> bool:
    """Return whether diffusers wrote a config in version 0.`minor` or later."""
    match = _VERSION.match(getattr(config, "written_by", None) or "")
    return match is not None and (int(match[1]), int(match[2])) >= (0, minor)


class SchedulerConfig(PartConfig):
    """The config of a diffusers scheduler whose noise is a table of betas."""

    name: Word = Field(alias="_class_name")
    # All published ones have 1,000; LCM's own schedule uses 50 of these.
    num_train_timesteps: Annotated[int, Field(strict=True, ge=50, le=10_000)]
    beta_start: Share | None = None
    beta_end: Share | None = None
    beta_schedule: Word | None = None
    trained_betas: list[Share] | None = None
    prediction_type: Word | None = None
    rescale_betas_zero_snr: StrictBool = False
    written_by: str | None = Field(None, alias="_diffusers_version")

    @model_validator(mode="after")
    def _tells_its_noise(self) -> Self:
        betas = self.beta_start, self.beta_end, self.beta_schedule
        if self.trained_betas is None and None in betas:
            message = "beta_start, beta_end and beta_schedule must be there"
            raise ValueError(message)
        if self.trained_betas and len(self.trained_betas) != self.num_train_timesteps:
            message = "trained_betas must be as many as num_train_timesteps"
            raise ValueError(message)
        if self.prediction_type is None and is_since(self, 10):
            message = "prediction_type must be there"
            raise ValueError(message)
        return self


def check_network(folder: Path, rules: type[PartConfig]) -> None:
    """Check a network's folder: its config against the rules and the sizes of its weights.

    Args:
        folder: The folder, with config.json and weights.
        rules: The rules for its config; a method `check_weights(shapes)` is called if there is one.

    Raises:
        ModelRefusedError: the config is missing, has an impossible setting or does not match the
            weights, or weights are missing.
    """
    refuse_adapter(folder)
    path = folder / "config.json"
    config = read_json(path)
    shapes = shapes_of(folder)
    found = checked(path, rules, config)
    try:
        getattr(found, "check_weights", lambda _shapes: None)(shapes)
    except ValueError as error:
        raise damaged(path, f"says {error}") from error


def check_scheduler(folder: Path, rules: type[PartConfig]) -> None:
    """Check a scheduler's folder, whose config must describe the noise used in training.

    Raises:
        ModelRefusedError: it does not.
    """
    path = folder / "scheduler_config.json"
    checked(path, rules, read_json(path))


def refuse_adapter(folder: Path) -> None:
    """Refuse a part that is an adapter for another model, which would be downloaded.

    Raises:
        ModelRefusedError: it is one; the message says what to do.
    """
    path = folder / _ADAPTER
    if path.exists() or path.is_symlink():
        message = (
            f"{folder.name}/{_ADAPTER} makes this an adapter for a model elsewhere; delete that "
            "file if the weights beside it are complete, or get the complete model"
        )
        raise ModelRefusedError(message)


def read_json(path: Path, most: int = LARGEST_CONFIG) -> dict[str, Any]:
    """Read a JSON object from a file of a model's folder.

    Raises:
        ModelRefusedError: the file is missing, not a regular file, larger than `most` bytes, or not
            a JSON object.
    """
    check_file(path)
    try:
        if path.stat().st_size > most:
            raise damaged(path, f"is larger than {most // 1_000_000} MB")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, "is not valid JSON") from error
    if not isinstance(found, dict):
        raise damaged(path, "holds no settings")
    return found


def checked(path: Path, model: type[PartConfig], config: Mapping[str, Any]) -> PartConfig:
    """Validate a config.

    Args:
        path: Its file, for messages.
        model: The rules.
        config: Its content.

    Raises:
        ModelRefusedError: a setting is missing or impossible; the message names it.
    """
    try:
        return model.model_validate(dict(config))
    except ValidationError as error:
        raise damaged(path, _reason(error)) from error


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the weights that a library reads from a part's folder.

    Raises:
        ModelRefusedError: there are none, or one of their files is damaged.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for file in weight_files(folder):
        check_file(file)
        shapes |= read_header(file).shapes
    if not shapes:
        message = f"{folder.name} holds no weights as {_SAFETENSORS}; copy the model again"
        raise ModelRefusedError(message)
    return shapes


def weight_files(folder: Path) -> list[Path]:
    """Return the files of weights that are read; those of a variant (….fp16.…) if no others."""
    named = [file for file in _files(folder) if file.name.startswith(_WEIGHTS)]
    plain = [file for file in named if file.name.count(".") == 1]
    return plain or named


def variant_of(folder: Path) -> str | None:
    """Return the variant to request if the weights exist only under its name (….fp16.…)."""
    names = [file.name for file in weight_files(folder)]
    variants = {name.split(".")[1].partition("-")[0] for name in names if name.count(".") > 1}
    return variants.pop() if len(variants) == 1 else None


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix == _SAFETENSORS)


def same(what: str, shapes: Shapes, weight: str, wanted: tuple[int, ...]) -> None:
    """Check a setting against the shape of a weight, if that exists.

    Args:
        what: The setting's name.
        shapes: The shapes of all weights.
        weight: The weight's name, with or without `text_model.` before it.
        wanted: The first sides that it should have.

    Raises:
        ValueError: it has others.
    """
    for name in (weight, f"text_model.{weight}"):
        if name in shapes and shapes[name][: len(wanted)] != wanted:
            size, held = (" x ".join(map(str, one)) for one in (wanted, shapes[name]))
            message = f"{what} of {size}, where {name} has {held}"
            raise ValueError(message)


def as_many(what: str, shapes: Shapes, start: str, wanted: int) -> None:
    """Check a number of layers against the numbers that follow `start` in the weights' names.

    Args:
        what: The setting's name.
        shapes: The shapes of all weights.
        start: What the names start with.
        wanted: The setting's value.

    Raises:
        ValueError: the weights have another number of layers.
    """
    numbers = {name[len(start) :].split(".")[0] for name in shapes if name.startswith(start)}
    if numbers and len(numbers) != wanted:
        message = f"{what} = {wanted}, where the weights have {len(numbers)}"
        raise ValueError(message)


def _reason(error: ValidationError) -> str:
    fault = error.errors()[0]
    # After the name come positions in lists, and pydantic's words for the types that it tried.
    name = ".".join(
        str(part) for number, part in enumerate(fault["loc"]) if not number or isinstance(part, int)
    )
    if fault["type"] == "missing":
        return f"does not say {name}: part of it is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = str(fault["input"])[:60]
    return f"says {name} = {given}: {message}" if name else f"is invalid: {message}"


def damaged(path: Path, reason: str) -> ModelRefusedError:
    """Return the error for a damaged file in a model's folder."""
    return ModelRefusedError(f"{path.parent.name}/{path.name} {reason}; copy the model again")
