"""Axes: any setting by its dotted name, with values as a person gives them."""

import pytest

from medialab import PipelineConfig
from medialab.batch.axes import REPLACE, read_axes, read_axis
from medialab.errors import ConfigError

BASE = PipelineConfig(prompt="a red car on a red road", negative_prompt="red sky")


def _points(name, values):
    return [dict(point) for point in read_axis(name, values, BASE).points]


def test_a_setting_of_a_stage_is_varied_by_text():
    axis = read_axis("face.denoising_strength", "0.2-0.6 [3]", BASE)

    assert [point["face.denoising_strength"] for point in axis.points] == [0.2, 0.4, 0.6]
    assert axis.labels == ("0.2", "0.4", "0.6")


def test_values_keep_their_type_in_a_list():
    assert _points("steps", [4, "8"]) == [{"steps": 4}, {"steps": "8"}]


def test_names_are_separated_by_commas():
    assert _points("sampler", "Euler, DPM++ 2M") == [
        {"sampler": "Euler"},
        {"sampler": "DPM++ 2M"},
    ]


def test_automatic_leaves_an_optional_setting_to_the_studio():
    assert _points("face.denoising_strength", ["automatic", 0.5]) == [
        {"face.denoising_strength": None},
        {"face.denoising_strength": 0.5},
    ]
    # Where it is itself a choice, it stays one.
    assert _points("schedule", "automatic") == [{"schedule": "automatic"}]


def test_loras_are_sets_of_names_with_weights():
    axis = read_axis("loras", [[], ["ink:0.5"], ["ink", {"name": "night", "weight": 2}]], BASE)

    assert [point["loras"] for point in axis.points] == [
        [],
        [{"name": "ink", "weight": 0.5}],
        [{"name": "ink"}, {"name": "night", "weight": 2}],
    ]
    assert axis.labels == ("none", "ink 0.5", "ink, night 2")


def test_prompts_come_from_lines_with_flags():
    text = "a cat\n# no prompt\n--prompt a dog, at night --steps 4\n"

    assert _points("prompt", text) == [
        {"prompt": "a cat"},
        {"prompt": "a dog, at night", "steps": 4},
    ]


def test_prompts_come_from_a_file(tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text("a cat, sitting\na dog\n", encoding="utf-8-sig")

    assert _points("prompt", file) == [{"prompt": "a cat, sitting"}, {"prompt": "a dog"}]


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"prompt: gone\.txt cannot be read"):
        read_axis("prompt", tmp_path / "gone.txt", BASE)


def test_text_in_both_prompts_is_replaced():
    axis = read_axis(REPLACE, "red, blue", BASE)

    assert axis.points[0] == {"prompt": BASE.prompt, "negative_prompt": BASE.negative_prompt}
    assert axis.points[1] == {"prompt": "a blue car on a blue road", "negative_prompt": "blue sky"}
    assert axis.labels == ("red", "blue")


def test_text_that_is_not_in_the_prompt_cannot_be_replaced():
    with pytest.raises(ConfigError, match="'green' is not in the prompt"):
        read_axis(REPLACE, "green, blue", BASE)


@pytest.mark.parametrize("name", [("width", "height"), "width, height"])
def test_several_settings_move_together(name):
    axis = read_axis(name, [[512, 768], [768, 512]], BASE)

    assert axis.points == ({"width": 512, "height": 768}, {"width": 768, "height": 512})
    assert axis.settings == ("width", "height")
    assert axis.labels[0] == "width 512, height 768"


def test_a_title_may_stand_for_several_settings():
    axis = read_axis("look", [{"steps": 4, "guidance_scale": 1.0}, {"loras": ["ink:0.3"]}], BASE)

    assert axis.name == "look"
    assert axis.points[1] == {"loras": [{"name": "ink", "weight": 0.3}]}


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("guidence_scale", [3], "Did you mean 'guidance_scale'"),
        ("face.strength", [3], "no setting 'face.strength'"),
        ("face", [True], "face is a stage"),
        ("schema_version", [1], "no setting 'schema_version'"),
        ("steps.more", [1], "no setting 'steps.more'"),
        ("steps", [], "no values"),
        ("steps", "", "no values"),
        ("steps", 5, "give a list of values"),
        ("width, height", [[512]], "a list of 2 values"),
        ("look", [{}], "sets nothing"),
        ("look", [{"stps": 1}], "Did you mean 'steps'"),
        ("loras", "ink", "in JSON"),
    ],
)
def test_what_is_no_axis_is_refused_by_name(name, values, told):
    with pytest.raises(ConfigError, match=told):
        read_axis(name, values, BASE)


def test_all_wrong_axes_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        read_axes({"stps": [1], "seed": [1], "cfg": []}, BASE)

    assert "'stps'" in str(caught.value)
    assert "'cfg'" in str(caught.value)


def test_two_axes_cannot_set_the_same():
    with pytest.raises(ConfigError, match="both set steps"):
        read_axes({"steps": [1], "look": [{"steps": 2}]}, BASE)


def test_a_lora_alone_is_a_list_of_one():
    assert _points("loras", ["ink:0.5", {"name": "night"}, "none", []]) == [
        {"loras": [{"name": "ink", "weight": 0.5}]},
        {"loras": [{"name": "night"}]},
        {"loras": []},
        {"loras": []},
    ]


def test_mappings_of_settings_are_points_whatever_the_axis_is_called():
    assert _points("steps", [{"steps": 4}, {"steps": 8, "seed": 1}]) == [
        {"steps": 4},
        {"steps": 8, "seed": 1},
    ]
    with pytest.raises(ConfigError, match=r"look: .*Did you mean .steps."):
        _points("look", [{"stps": 4}])
