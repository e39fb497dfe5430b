"""The settings that a notebook's parameters cell holds."""

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError


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
