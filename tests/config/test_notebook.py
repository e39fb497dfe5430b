"""The settings that a notebook's parameters cell holds."""

import numpy as np
import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.stages.detailer.settings import DetailerConfig


def test_a_notebooks_plain_values_are_settings_and_the_rest_is_passed_over():
    namespace = {"prompt": "a cat", "steps": 4, "In": [""], "Out": {}, "_i": "x", "pytest": pytest}
    config = PipelineConfig.from_notebook(namespace)
    assert (config.prompt, config.steps) == ("a cat", 4)


def test_a_misspelt_notebook_parameter_is_named():
    with pytest.raises(ConfigError, match="stepz"):
        PipelineConfig.from_notebook({"prompt": "a cat", "stepz": 4})


@pytest.mark.parametrize(
    ("name", "value"),
    [("prompt", 2024), ("prompt", 7), ("prompt", None), ("prompt", True), ("negative_prompt", 1.5)],
)
def test_a_number_that_papermill_made_of_a_text_is_told_of(name, value):
    with pytest.raises(ConfigError, match=f"write -r {name} "):
        PipelineConfig.from_notebook({name: value})


def test_lists_and_objects_as_text_are_read_as_json():
    config = PipelineConfig.from_notebook(
        {
            "loras": '[{"name": "ink", "weight": 0.5}]',
            "styles": ' ["gold"] ',
            "face": '{"enabled": true, "words": ["eye"]}',
            "prompt": "[a|b]",
        }
    )
    assert config.loras[0].weight == 0.5
    assert config.styles == ("gold",)
    assert config.face.enabled
    assert config.prompt == "[a|b]"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loras": "[{'name': 'ink'}]"}, r'loras=.* is not valid JSON .*write it as .\[\{"name"'),
        ({"loras": "ink"}, "loras='ink': write a list or an object in JSON"),
        ({"styles": "gold"}, r'such as .\["ink"\]'),
        ({"face": '{"steps": 4, "steps": 5}'}, "face=.* 'steps' is given twice; remove one"),
        ({"face": "{" * 100_000}, "face=.* is not valid JSON"),
        ({"control": "[" * 100_000}, "control=.* is not valid JSON"),
        ({"loras": '[{"nmae": "ink"}]'}, "Did you mean 'name'"),
    ],
)
def test_a_list_as_text_that_cannot_be_read_is_named(settings, said):
    with pytest.raises(ConfigError, match=said):
        PipelineConfig.from_notebook(settings)


def test_a_notebooks_own_parameters_are_no_settings_and_a_misspelt_one_is_named():
    config = PipelineConfig.from_notebook({"prompt": "a cat", "weight": 0.5}, own=["weight"])
    assert config == PipelineConfig(prompt="a cat")
    for wrong, meant in {"wieght": "weight", "sed": "seed"}.items():
        said = f"there is no parameter '{wrong}' in this notebook. Did you mean '{meant}'"
        with pytest.raises(ConfigError, match=said):
            PipelineConfig.from_notebook({wrong: 7, "weight": 0.5}, own=["weight"])


def test_what_a_notebook_leaves_out_is_filled_in_and_what_it_names_wins():
    config = PipelineConfig.from_notebook({"seed": 3}, prompt="a cat", seed=7)
    assert (config.prompt, config.seed) == ("a cat", 3)


def test_the_name_of_one_own_parameter_is_not_taken_for_its_letters():
    """By "my_steps" in the place of ["my_steps"], steps was left out, too."""
    config = PipelineConfig.from_notebook({"steps": 4, "my_steps": 1}, own="my_steps")
    assert config == PipelineConfig(steps=4)


def test_a_setting_counts_whatever_type_a_person_writes_it_as():
    written = {
        "styles": ("gold", "ink"),
        "seed": np.int64(7),
        "guidance_scale": np.float32(5.5),
        "face": DetailerConfig(enabled=True),
        "size": (512, 512),  # named like no setting
        "numpy": np,
    }
    config = PipelineConfig.from_notebook(written)
    assert config == PipelineConfig(
        styles=["gold", "ink"], seed=7, guidance_scale=5.5, face={"enabled": True}
    )
    assert PipelineConfig.from_notebook(written, own=["seed"]).seed == PipelineConfig().seed
