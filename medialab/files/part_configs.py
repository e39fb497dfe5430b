"""What the folder of a model must hold, and what its configs may say, before any class is built.

A library that finds no config, an empty one or one with a setting gone takes a default in silence,
and draws another picture; one that finds a million layers begins to build them. So each config is
checked for what decides the pixels, and its sizes for those of the weights that are there.

Required settings are those that diffusers 0.6 and transformers 4.22 wrote already, in 2022: models
published then have no others. Of later ones, those that came later are required, too.
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

# The names under which both libraries save weights begin so; others beside them are not read.
_WEIGHTS = ("diffusion_pytorch_model", "model")
_SAFETENSORS = ".safetensors"
# transformers follows it to another model, on the hub.
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
    """Settings that are there and usable; others are the library's business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def is_since(config: BaseModel, minor: int) -> bool:
    """Whether diffusers wrote a config in version 0.`minor` or later."""
    match = _VERSION.match(getattr(config, "written_by", None) or "")
    return match is not None and (int(match[1]), int(match[2])) >= (0, minor)


class SchedulerConfig(PartConfig):
    """Of any diffusers scheduler that a denoiser here was trained with."""

    name: Word = Field(alias="_class_name")
    # All that are published have 1,000; LCM's own schedule is a part of 50 of them.
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
        told = self.beta_start, self.beta_end, self.beta_schedule
        if self.trained_betas is None and None in told and "FlowMatch" not in self.name:
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
    """Refuse the folder of a network whose config breaks the rules, or is not of its weights' size.

    Raises:
        ModelRefusedError: its config is missing or says something impossible, or weights are
            missing.
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


def check_scheduler(folder: Path) -> None:
    """Refuse a scheduler's folder whose config does not tell the noise that it was trained with."""
    path = folder / "scheduler_config.json"
    checked(path, SchedulerConfig, read_json(path))


def refuse_adapter(folder: Path) -> None:
    """Refuse a part that says it is another model, of the hub, with an adapter over it."""
    path = folder / _ADAPTER
    if path.exists() or path.is_symlink():
        message = (
            f"{folder.name}/{_ADAPTER} makes this an adapter of a model that lies elsewhere; "
            "delete that file if the weights beside it are whole, or get the whole model"
        )
        raise ModelRefusedError(message)


def read_json(path: Path, most: int = LARGEST_CONFIG) -> dict[str, Any]:
    """A JSON object of a model's folder.

    Raises:
        ModelRefusedError: it is missing, no regular file, larger than `most` bytes, or none.
    """
    check_file(path)
    try:
        if path.stat().st_size > most:
            raise damaged(path, f"is larger than {most // 1_000_000} MB")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, "is no JSON") from error
    if not isinstance(found, dict):
        raise damaged(path, "holds no settings")
    return found


def checked(path: Path, model: type[PartConfig], config: Mapping[str, Any]) -> PartConfig:
    """The settings of that config.

    Raises:
        ModelRefusedError: one is missing or impossible; the text names it.
    """
    try:
        return model.model_validate(dict(config))
    except ValidationError as error:
        raise damaged(path, _told(error)) from error


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that a library reads from a part's folder.

    Raises:
        ModelRefusedError: there are none, or one of their files is broken.
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
    """The weights' files that are read: those of a variant (….fp16.…) only where no others are."""
    named = [file for file in _files(folder) if file.name.startswith(_WEIGHTS)]
    plain = [file for file in named if file.name.count(".") == 1]
    return plain or named


def variant_of(folder: Path) -> str | None:
    """The variant to ask for when weights are there under its name only (….fp16.…)."""
    names = [file.name for file in weight_files(folder)]
    variants = {name.split(".")[1].partition("-")[0] for name in names if name.count(".") > 1}
    return variants.pop() if len(variants) == 1 else None


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix == _SAFETENSORS)


def same(what: str, shapes: Shapes, weight: str, wanted: tuple[int, ...]) -> None:
    """Raise ValueError where that weight is there, and of another size."""
    for name in (weight, f"text_model.{weight}"):
        if name in shapes and shapes[name][: len(wanted)] != wanted:
            size, held = (" x ".join(map(str, one)) for one in (wanted, shapes[name]))
            message = f"{what} of {size}, where {name} has {held}"
            raise ValueError(message)


def as_many(what: str, shapes: Shapes, start: str, wanted: int) -> None:
    """Raise ValueError where the numbers that follow `start` in names are another count."""
    numbers = {name[len(start) :].split(".")[0] for name in shapes if name.startswith(start)}
    if numbers and len(numbers) != wanted:
        message = f"{what} = {wanted}, where the weights have {len(numbers)}"
        raise ValueError(message)


def _told(error: ValidationError) -> str:
    fault = error.errors()[0]
    # After its name come places in lists, and pydantic's own words for the kinds it tried.
    name = ".".join(
        str(part) for number, part in enumerate(fault["loc"]) if not number or isinstance(part, int)
    )
    if fault["type"] == "missing":
        return f"does not say {name}: part of it is gone"
    said = str(fault["msg"]).removeprefix("Value error, ")
    given = str(fault["input"])[:60]
    return f"says {name} = {given}: {said}" if name else f"cannot be: {said}"


def damaged(path: Path, reason: str) -> ModelRefusedError:
    """Return the error for a file of a model's folder that is not what it should be."""
    return ModelRefusedError(f"{path.parent.name}/{path.name} {reason}; copy the model again")
