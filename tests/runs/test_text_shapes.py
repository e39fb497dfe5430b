"""Texts of one shape are told from others without loading anything."""

from dataclasses import replace

import pytest

from medialab import PipelineConfig
from medialab.runs.text_shapes import Texts, alike

LONG = ", ".join(["a red ball", "a blue hat", "green rain"] * 12)  # of more chunks than one


@pytest.fixture
def config(bench):
    return bench.resolve(PipelineConfig(prompt="a red ball", negative_prompt="rain", seed=7))


def equal(bench, config, *changes):
    """Which of these are drawn at once with the request."""
    kinds = bench.alike([config, *(config.model_copy(update=one) for one in changes)])
    return [kind == kinds[0] for kind in kinds[1:]]


def test_other_words_are_alike_and_another_length_is_not(bench, config):
    assert equal(bench, config, {"prompt": "a blue hat in the rain"}, {"prompt": ""}) == [
        True,
        True,
    ]
    assert equal(bench, config, {"prompt": LONG}, {"negative_prompt": LONG}) == [False, False]
    assert equal(bench, config, {"seed": 8}) == [True]
    both = config.model_copy(update={"prompt": LONG})
    assert equal(bench, both, {"prompt": LONG.replace("red", "white")}) == [True]


def test_texts_of_several_parts_stand_apart(bench, config):
    assert equal(bench, config, {"prompt": "a ball AND a hat"}) == [False]
    composed = config.model_copy(update={"prompt": "a ball AND a hat :0.7"})
    assert equal(bench, composed, {"prompt": "rain AND a hat :0.2"}) == [True]


def test_other_loras_and_other_inversions_stand_apart(bench, config):
    tagged = config.model_copy(update={"prompt": "a ball <lora:ink:0.5>"})
    other = [{"prompt": "a hat <lora:ink:0.5>"}, {"prompt": "a hat"}]
    assert equal(bench, tagged, *other, {"prompt": "a hat <lora:ink:1>"}) == [True, False, False]
    named = {**config.models_sha256, "embedding/ruddy": "0" * 64}
    with_names = config.model_copy(update={"models_sha256": named})
    assert equal(bench, with_names, {"prompt": "a ruddy ball"}) == [False]


def test_the_texts_are_those_of_stage_three(config):
    own = {"mode": "img2img", "img2img": {"prompt": "[PROMPT], large"}, "image": "0" * 64}
    changed = config.changed(**own)
    assert Texts.of(changed) == ("a red ball, large", "rain", ())
    assert Texts.of(config) == ("a red ball", "rain", ())


def test_without_a_tokenizer_only_equal_texts_are_alike(bench, config, tmp_path):
    info = bench.registry.find("paperdoll", "checkpoint")
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("{}")
    lost = replace(info, path=tmp_path)
    texts = ["a red ball", "a blue hat", "a red ball"]
    kinds = alike([config.model_copy(update={"prompt": text}) for text in texts], lost)
    assert (kinds[0] == kinds[1], kinds[0] == kinds[2]) == (False, True)
