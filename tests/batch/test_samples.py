"""Few requests stand for all, as far as models go."""

from medialab import PipelineConfig
from medialab.batch.samples import rows_by_models
from medialab.batch.sweep import Sweep

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64)


def _rows(axes):
    sweep = Sweep(BASE, axes)
    return rows_by_models(sweep, range(len(sweep)))


def test_a_thousand_numbers_are_one():
    assert _rows({"seed": "1-100", "guidance_scale": "1-10"}) == [0]


def test_each_model_and_each_switch_is_one():
    assert _rows({"seed": "1-3", "checkpoint": ["a", "b"]}) == [0, 1]
    assert _rows({"face.enabled": [True, False], "seed": "1-3"}) == [0, 3]
    assert _rows({"loras": [[], ["ink:0.5"], ["ink:0.7"]]}) == [0, 1, 2]


def test_prompts_count_only_if_they_may_name_a_model():
    prompts = ["a dog", "a cat", "a cat <lora:ink:1>", "a dog <lora:ink:1>"]

    assert _rows({"prompt": prompts}) == [0, 2, 3]
