"""Stages run in a line: what is cached is not run again, and retries travel with their part."""

import time
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.diffusion.repainting import packed
from medialab.process.retries import Retry, RetryPolicy
from medialab.runs.cache import StageCache
from medialab.runs.pipeline import Pipeline, _decode_part, _encode_part
from medialab.runs.stage_keys import StageKey

ASKED = PipelineConfig(prompt="a red ball", steps=1, width=64, height=64, seed=7, sharpen=0.5)
PART = packed(Image.fromarray(np.zeros((4, 4, 3), np.uint8)), {"seed": 7})
KEY = StageKey("face", 1, {"strength": 0.4}, {"checkpoint": "aa"}, "b" * 64, {"torch": "2"})


@dataclass
class Context:
    """The retries of a run, which is all of a context that a part of a stage's work touches."""

    retries: RetryPolicy = field(default_factory=RetryPolicy)


def test_a_part_is_made_once_and_its_retries_are_told_again(tmp_path):
    pipeline = Pipeline(StageCache(tmp_path), "cpu")
    smaller, made = Retry("unet", "out of memory", "in tiles"), []

    def make(context):
        made.append(context)
        context.retries.done.append(smaller)
        return PART

    for cached in (False, True):
        context = Context()
        context.retries.done.append(Retry("vae", "NaN", "float32"))
        part = pipeline._part_of(KEY, context, {"box": [1, 2]}, lambda now=context: make(now))
        assert part == (PART, cached)
        assert context.retries.done == [Retry("vae", "NaN", "float32"), smaller]
    assert len(made) == 1
    assert not pipeline._part_of(KEY, Context(), {"box": [3, 4]}, lambda: PART)[1]


def test_a_part_of_other_pixels_than_the_key_stands_for_is_not_kept(tmp_path):
    pipeline = Pipeline(StageCache(tmp_path), "cpu")
    for _ in range(2):
        context = Context()
        context.retries.done.append(Retry("unet", "out of memory", "in tiles", exact=False))
        assert pipeline._part_of(KEY, context, {}, lambda: PART) == (PART, False)


def test_a_part_is_bytes_and_back_and_other_bytes_are_none():
    retries = [Retry("unet", "out of memory", "in tiles", exact=False)]
    assert _decode_part(_encode_part(PART, retries)) == (PART, retries)
    for broken in (b"", PART, b"[1]\n" + PART, b'[{"odd": 1}]\n' + PART, b"[]\nno part"):
        with pytest.raises(ValueError, match=r"."):
            _decode_part(broken)


def test_only_what_follows_a_change_runs_again_and_its_seconds_are_measured(bench):
    began = time.perf_counter()
    bench.execute(ASKED, save=False)
    assert sum(one["seconds"] for one in _stages(bench.execute(ASKED, save=False))) == 0
    run = bench.execute(ASKED.changed(sharpen=0.7), save=False)
    taken = time.perf_counter() - began
    assert {one["name"]: one["cached"] for one in _stages(run)} == {
        "prompt": True,
        "txt2img": True,
        "finish": False,
    }
    assert 0 < sum(one["seconds"] for one in _stages(run)) < taken
    again = bench.rerun(run, from_stage="txt2img", save=False)
    assert [one["cached"] for one in _stages(again)] == [True, False, False]
    assert again.image.tobytes() == run.image.tobytes()


def _stages(run):
    return run.record["stages"]
