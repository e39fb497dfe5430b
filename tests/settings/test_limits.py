"""Every number of every setting at its least and its most makes a picture, or an error of ours."""

import math
import typing
from collections.abc import Iterator
from typing import Any, Literal

import annotated_types
import pytest
from PIL import Image, ImageDraw
from pydantic import BaseModel

from medialab import PipelineConfig
from medialab.errors import ConfigError, MediaLabError
from medialab.stages.detailer.edits import DetectionEdit

SMALL = {"prompt": "a doll", "steps": 2, "width": 64, "height": 64, "seed": 1}
# What makes a stage do its work at all, on a picture of 64 x 64.
ON: dict[str, dict[str, Any]] = {
    "img2img": {"mode": "img2img"},
    "inpaint": {"mode": "inpaint", "inpaint": {"mask": "mask"}},
    "outpaint": {"mode": "outpaint", "outpaint": {"left": 8, "right": 0}},
    "refiner": {"refiner": {"enabled": True, "scale": 1.0, "steps": 2}},
    "face": {
        "face": {
            "enabled": True,
            "detector": "centre",
            "guide_size": 64,
            "max_size": 64,
            "denoising_strength": 0.5,
        }
    },
    "upscaler": {"upscaler": {"enabled": True, "scale": 1.0, "diffusion_tile": 64}},
    "base": {},
}
# Body and hand are the face's settings again; an instruction needs a checkpoint made for it.
ALIKE = {"body", "hand", "instruct"}
SIDES = {"width", "height", "guide_size", "max_size", "tile", "diffusion_tile", "diffusion_overlap"}
SIDES |= {"left", "right", "top", "bottom"}


def is_costly(name: str, bound: float) -> bool:
    """Whether it would take minutes, or gigabytes: it is checked and resolved, and not drawn."""
    many = {"steps": 150, "batch_size": 64, "cycles": 10, "scale": 4}
    return (name in SIDES and bound > 512) or bound >= many.get(name, math.inf)


def _bounds(metadata: typing.Iterable[Any]) -> Iterator[float]:
    for mark in metadata:
        for one in getattr(mark, "__metadata__", ()) or [mark]:
            inner = getattr(one, "metadata", None)
            if inner:
                yield from _bounds(inner)
            elif isinstance(one, annotated_types.Ge):
                yield one.ge
            elif isinstance(one, annotated_types.Le):
                yield one.le


def _kind(annotation: Any) -> type | None:
    """int or float, of `Annotated[int, …] | None` too."""
    if annotation in {int, float}:
        return annotation
    if typing.get_origin(annotation) in {tuple, Literal, dict}:
        return None
    return next(filter(None, map(_kind, typing.get_args(annotation))), None)


def _marks(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for part in typing.get_args(annotation):
        yield from _marks(part)


def limits(model: type[BaseModel]) -> Iterator[tuple[str, float]]:
    """Each number's least and most, as the settings themselves say."""
    for name, field in model.model_fields.items():
        if _kind(field.annotation) is not None:
            for bound in _bounds([*field.metadata, *_marks(field.annotation)]):
                yield name, bound


def _stages() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {"base": PipelineConfig}
    for name, field in PipelineConfig.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found[name] = field.annotation
    return found


CASES = [
    (stage, name, bound)
    for stage, model in _stages().items()
    if stage not in ALIKE
    for name, bound in limits(model)
]


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    from medialab import Workbench

    outputs = tmp_path_factory.mktemp("limits")
    with Workbench(models=tiny_models, outputs=outputs, device="cpu") as workbench:
        workbench.executor.queue.submit(lambda job: None).result()  # its threads are there by now
        yield workbench


def _asked(bench: Any, stage: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A small request in which the stage does its work, with these settings of it."""
    asked = SMALL | ON[stage]
    if stage == "base":
        asked |= settings
    else:
        asked = asked | {stage: asked.get(stage, {}) | settings}
    if asked.get("mode"):
        asked |= {"image": bench.keep(Image.new("RGB", (64, 64), "teal"))}
    if stage == "inpaint":
        mask = Image.new("L", (64, 64))
        ImageDraw.Draw(mask).rectangle((16, 16, 40, 40), fill=255)
        asked["inpaint"]["mask"] = bench.keep(mask.convert("RGB"))
    return asked


def test_the_cases_are_those_of_the_schema():
    assert {stage for stage, _, _ in CASES} == set(ON)
    assert ("face", "dynamic_power", -10.0) in CASES
    assert ("base", "steps", 150) in CASES
    assert any((stage, name) == ("refiner", "width") for stage, name, _ in CASES)
    assert ("outpaint", "denoising_strength", 0.0) in CASES
    assert len(CASES) > 120


@pytest.mark.thorough
@pytest.mark.parametrize(("stage", "name", "bound"), CASES)
def test_a_setting_at_its_limit_makes_a_picture_or_a_named_error(bench, stage, name, bound):
    try:
        config = PipelineConfig.parse(_asked(bench, stage, {name: bound}))
        resolved = bench.resolve(config)
        if is_costly(name, bound):
            assert isinstance(resolved.model_dump_json(), str)
            return
        run = bench.execute(config, save=False)
    except MediaLabError as error:
        assert len(str(error)) > 20  # noqa: PT017 - it is one of many that may
    else:
        assert all(side > 0 for side in run.image.size)


@pytest.mark.parametrize(("stage", "name", "bound"), CASES)
def test_a_setting_beyond_its_limit_is_refused_by_its_name(bench, stage, name, bound):
    own = [one for what, other, one in CASES if (what, other) == (stage, name)]
    beyond = bound + 1 if bound == max(own) else bound - 1
    if stage == "base" and name == "schema_version":
        return
    with pytest.raises(ConfigError, match=name):
        PipelineConfig.parse(_asked(bench, stage, {name: beyond}))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, -1e308])
@pytest.mark.parametrize(("stage", "name"), sorted({(stage, name) for stage, name, _ in CASES}))
def test_what_is_no_number_is_refused_for_every_setting(stage, name, value):
    settings = {name: value} if stage == "base" else {stage: {name: value}}
    with pytest.raises(ConfigError, match=f"{name}="):
        PipelineConfig.parse(settings)


def test_an_edited_find_at_its_limits_makes_a_picture(bench):
    for strength in (0.0, 1.0):
        for box in ((0, 0, 1, 1), (63, 63, 64, 64), (-5, -5, 200, 200), (70, 70, 80, 80)):
            find = DetectionEdit(box=box, denoising_strength=strength)
            asked = SMALL | {"face": ON["face"]["face"] | {"detections": [find.model_dump()]}}
            try:
                bench.execute(PipelineConfig.parse(asked), save=False)
            except MediaLabError as error:
                assert str(error)  # noqa: PT017
