"""Prompts by the line and seeds by the range become jobs, all or none."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError
from widgets.batch import BatchPanel


@pytest.fixture
def queued():
    return []


@pytest.fixture
def panel(queued):
    base = {"steps": 7, "sampler": "Euler", "prompt": "not this one"}
    return BatchPanel(lambda: base, queued.append, lambda error, trace: pytest.fail(trace))


def test_each_prompt_is_made_with_each_seed(panel, queued):
    panel.prompts.value = "a cat\n\n# a comment\na dog"
    panel.first.value, panel.count.value = 5, 2
    assert panel.queue.description == "Generate 4 pictures"
    panel.queue.click()
    assert [(one.prompt, one.seed) for one in queued] == [
        ("a cat", 5),
        ("a cat", 6),
        ("a dog", 5),
        ("a dog", 6),
    ]
    assert {(one.steps, one.sampler) for one in queued} == {(7, "Euler")}
    assert "4 queued" in panel.said.value


def test_a_line_with_flags_has_its_own_settings(panel, queued):
    panel.prompts.value = "--prompt a cat, sleeping --steps 30 --seed 7 --cfg_scale 3\na dog"
    panel.count.value = 2
    panel.queue_all()
    first = PipelineConfig(
        prompt="a cat, sleeping", steps=30, seed=7, guidance_scale=3.0, sampler="Euler"
    )
    assert queued[0] == first
    assert len(queued) == 3  # a seed of its own is one picture


def test_a_random_seed_stays_random(panel, queued):
    panel.prompts.value = "a cat"
    panel.first.value, panel.count.value = -1, 3
    panel.queue_all()
    assert [one.seed for one in queued] == [-1, -1, -1]


def test_a_bad_line_queues_nothing_and_is_named(panel, queued):
    panel.prompts.value = "a cat\n--prompt a dog --stepz 3"
    assert "Line 2" in panel.said.value
    assert "--stepz" in panel.said.value
    with pytest.raises(ConfigError, match="line 2"):
        panel.queue_all()
    panel.prompts.value = "a cat\n--prompt a dog --steps 1000"
    with pytest.raises(ConfigError, match="steps=1000"):
        panel.queue_all()
    assert queued == []


def test_too_many_and_none_at_all_are_refused(panel, queued):
    with pytest.raises(ConfigError, match="no prompts"):
        panel.queue_all()
    panel.prompts.value = "a\nb"
    panel.count.value = 900
    with pytest.raises(ConfigError, match="1800 pictures"):
        panel.queue_all()
    assert queued == []
    panel.prompts.value = ""
    assert panel.queue.disabled
