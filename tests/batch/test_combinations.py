"""The combinations of a sweep are what a whole check of each says, at a hundredth of the cost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab import PipelineConfig
from medialab.batch.axes import plain_value
from medialab.batch.setting_names import shape_of
from medialab.batch.sweep import Sweep
from medialab.errors import ConfigError
from medialab.stages import STAGES
from tests.examples import examples

BASE = PipelineConfig(prompt="a red car", seed=7)
# Values, right and wrong ones, of settings that are checked with others.
MIXED = {
    "mode": ["txt2img", "img2img", "enhance", "inpaint", "nothing"],
    "width": [None, 8, 64, 4100, 70_000],
    "height": [None, 8, 512],
    "steps": [1, 4, 150, 0],
    "sampler": ["Euler", "DPM++ 2M", "LCM", "UniPC", "Eulr"],
    "schedule": ["automatic", "karras", "uniform", "exponential"],
    "resize_mode": ["just resize", "just resize (latent upscale)"],
    "guidance_scale": [1, 30, 31],
    "seed": [-1, 5, 2**64],
    "clip_skip": [1, 2, 99],
    "sharpen": [0, 2, 3],
    "prompt": ["a cat", "", True, "x" * 19_000, "x" * 19_000 + " <lora:ink:1>"],
    "loras": [[], ["ink:0.5"]],
    "body.enabled": [True, False],
    "body.prompt": [None, "[PROMPT]" * 3, "no base"],
    "body.loras": [None, []],
    "body.denoising_strength": [0, 0.5, 2],
    "face.enabled": [True, False],
    "face.steps": [None, 1, 150],
    "face.seed": [None, 1],
    "face.clip_skip": [None, 2, 99],
    "face.min_ratio": [0, 0.9],
    "face.max_ratio": [1, 0.5],
    "face.detector": ["centre", ","],
    "face.sampler": [None, "Euler", "LCM", "UniPC"],
    "face.schedule": [None, "karras"],
    "face.denoising_strength": [0, 0.5, 2],
    "upscaler.enabled": [True],
    "upscaler.tile": [0, 16, 192],
    "upscaler.overlap": [16, 256],
}


def _whole(base, axes, place):
    """Return the request of a cell, checked as if a person had written it."""
    settings = base.model_dump()
    for name, index in zip(axes, place, strict=True):
        stage, _, last = name.rpartition(".")
        (settings[stage] if stage else settings)[last] = plain_value(
            axes[name][index], shape_of(name)
        )
    return PipelineConfig.parse(settings)


def _drawn_axes(data):
    names = data.draw(st.lists(st.sampled_from(sorted(MIXED)), min_size=1, max_size=6, unique=True))
    return {
        name: data.draw(st.lists(st.sampled_from(MIXED[name]), min_size=1, max_size=2))
        for name in names
    }


@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_a_cell_is_what_a_whole_check_of_it_says(data):
    axes = _drawn_axes(data)
    sweep = Sweep(BASE, axes)
    first_rows = {fault.row for fault in sweep.faults}

    for row in range(len(sweep)):
        try:
            expected = _whole(BASE, axes, sweep.place(row))
        except ConfigError:
            with pytest.raises(ConfigError):
                sweep.config(row)
            assert first_rows
        else:
            assert sweep.config(row) == expected
            assert row not in first_rows
            running = tuple(stage.name for stage in STAGES if expected.runs(stage.name))
            assert sweep.combinations.stages(sweep.place(row)) == running


class _Watched(PipelineConfig):
    """Writes down which settings are looked at."""

    def __getattribute__(self, name):
        if name in PipelineConfig.model_fields:
            SEEN.add(name)
        return super().__getattribute__(name)

    def __iter__(self):
        for name in PipelineConfig.model_fields:
            if isinstance(value := super().__getattribute__(name), type(BASE.face).__mro__[2]):
                yield name, value


SEEN: set[str] = set()


@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_a_check_looks_at_nothing_but_what_it_says(data):
    axes = {name: values for name, values in _drawn_axes(data).items() if "." not in name}
    found = Sweep(BASE, axes)
    values = dict(found.base) | found.settings(0)

    for check in PipelineConfig.checks():
        SEEN.clear()
        try:
            check.run(_Watched.model_construct(**values))
        except (ValueError, TypeError):  # a value that is wrong by itself is never checked further
            continue
        assert check.reads is not None
        assert check.reads >= SEEN


def test_a_part_that_is_swept_a_lot_is_checked_where_it_counts_only():
    calls = []
    sweep = Sweep(BASE, {"face.guidance_scale": "1-10 [200]", "seed": "1-100"})
    for check in sweep.combinations._checks:
        run = check._function
        check._function = lambda place, run=run: calls.append(place) or run(place)

    sweep.check()

    assert len(sweep) == 20_000
    assert len(calls) <= 2 + len(PipelineConfig.checks())
