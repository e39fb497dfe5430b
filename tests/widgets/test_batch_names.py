"""A batch without a name gets one that says what it is, and that every system can write."""

import pytest

from medialab import PipelineConfig
from medialab.batch.journal import check_name
from medialab.batch.sweep import Sweep
from widgets.batch_names import proposed_name


@pytest.mark.parametrize(
    ("prompt", "axes", "name"),
    [
        ("a red car in a meadow, sunny", {"steps": "1-2", "guidance_scale": "3-4"},
         "a red car in - Guidance x Steps"),
        ("a doll", {"seed": "1-4"}, "a doll - 4 seeds"),
        ("a doll", {"prompt": ["a", "b"], "seed": [1]}, "1 seed x 2 prompts"),
        ("", {"face.enabled": "on, off"}, "Face On"),
        ("猫", {"seed": "1-2"}, "2 seeds"),
        ("../../etc: <lora:ink:1>", {"ink: blue": [{"steps": 1}]}, "etc lora ink 1 - ink blue"),
        ("x" * 90, {"steps": "1-2"}, "x" * 60),
    ],
)  # fmt: skip
def test_it_has_words_of_the_prompt_and_what_is_varied(prompt, axes, name):
    found = proposed_name(Sweep(PipelineConfig(prompt=prompt), axes))
    assert found == name
    assert check_name(found) == found
