"""A list of prompts is read as A1111 reads it."""

import pytest

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
        ("--steps", "--steps '' is not int"),
        ('--prompt "a cat', "close the quotes"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line, said):
    with pytest.raises(ConfigError, match="line 2") as raised:
        read_lines(f"a dog\n{line}")
    assert said in str(raised.value)
