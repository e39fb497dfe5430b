"""A list of prompts is read as A1111 reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.prompts.lines import read_lines


def test_a_plain_line_is_a_prompt_whatever_stands_in_it():
    assert read_lines('a (cat:1.2), "quoted"\n\n  it\'s raining  ') == [
        {"prompt": 'a (cat:1.2), "quoted"'},
        {"prompt": "it's raining"},
    ]


def test_every_flag_is_a_setting():
    line = (
        '--prompt "a cat" --negative_prompt "rain" --sampler_name "DPM++ 2M" --steps 12 '
        "--cfg_scale 6.5 --seed 7 --width 128 --height 96 --batch_size 2"
    )
    (found,) = read_lines(line)
    assert PipelineConfig.parse(found) == PipelineConfig(
        prompt="a cat",
        negative_prompt="rain",
        sampler="DPM++ 2M",
        steps=12,
        guidance_scale=6.5,
        seed=7,
        width=128,
        height=96,
        batch_size=2,
    )


def test_a_text_needs_no_quotes():
    assert read_lines("--prompt a cat on a mat --steps 3") == [
        {"prompt": "a cat on a mat", "steps": 3}
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--stepz 3", "no flag '--stepz'; known: --prompt"),
        ("--steps many", "--steps 'many' is not int"),
        ("--steps", "--steps has no value"),
        ("--prompt --steps 3", "--prompt has no value"),
        ("--steps 3 --negative_prompt", "--negative_prompt has no value"),
        ("--steps 3 --seed 1 --steps 4", "--steps is given twice"),
        ('--prompt "a cat', "close the quotes"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line, said):
    with pytest.raises(ConfigError, match="line 2") as raised:
        read_lines(f"a dog\n{line}")
    assert said in str(raised.value)


LINES = st.lists(
    st.sampled_from(
        ["--prompt", "--steps", "--seed ", "--x", " ", '"', "'", "\\", "#", "\n", "a", "9"]
    ),
    max_size=20,
).map("".join)


@given(st.one_of(LINES, st.text(max_size=40)))
def test_any_text_is_a_list_of_prompts_or_an_error_of_ours(text):
    try:
        for settings in read_lines(text):
            PipelineConfig.parse(settings)
    except ConfigError as error:
        assert len(str(error)) < 2_000  # noqa: PT017


def test_a_long_wrong_value_is_not_told_back_whole():
    with pytest.raises(ConfigError, match="--steps '999") as error:
        read_lines("--steps " + "9" * 10_000)
    assert len(str(error.value)) < 200


def test_an_empty_text_is_written_in_quotes():
    assert read_lines('--prompt "" --steps 3') == [{"prompt": "", "steps": 3}]
