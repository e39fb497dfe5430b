"""A batch written as YAML is read as the same batch: the same requests, in the same rows."""

import pytest
import yaml

from medialab import PipelineConfig
from medialab.batch.axes import REPLACE
from medialab.batch.files import parse_batch
from medialab.batch.sweep import Sweep
from medialab.batch.yaml_text import yaml_of

BASE = PipelineConfig.parse(
    {
        "checkpoint": "paperdoll",
        "prompt": "a red car: 'no' \"yes\"\n# not a comment",
        "seed": 2**64 - 1,
        "steps": 7,
        "loras": [{"name": "ink", "weight": 0.5}],
        "face": {"enabled": True, "denoising_strength": 0.35},
    }
)


def asked(sweep):
    """What makes two batches the same: all that their requests are compared by."""
    return sweep.as_plain()


@pytest.mark.parametrize(
    "axes",
    [
        {"guidance_scale": [3, 5.5, 7], "seed": "1-3"},
        {"face.denoising_strength": "0.2-0.6 [3]", "sampler": "Euler, DPM++ 2M"},
        {"prompt": ["a cat, sleeping", "no", "007", "1e3", "- a: b", "2020-01-01", "a\nb"]},
        {"prompt": "a dog\n--prompt a bird --steps 9"},
        {REPLACE: "red, green, blue"},
        {"loras": [[], ["ink:0.25"], ["ink", "night: blue:1"]]},
        {"look": [{"steps": 4}, {"steps": 20, "sampler": "Euler"}]},
        {"width, height": [[128, 160], [160, 128]]},
        {"face.enabled": "on, off", "face.checkpoint": [None, "paperdoll"]},
        {"ink weight": [{"loras": [{"name": "ink", "weight": one}]} for one in (0.5, 1.0)]},
        {"negative_prompt": ["", "null", "~", "blurry"], "seed": [-1, -1]},
        {"steps": [4], "vae": ["", "paperdoll"]},
    ],
    ids=" and ".join,
)
@pytest.mark.parametrize("how", ["grid", "zip"])
def test_what_is_written_is_read_as_the_same(axes, how):
    lengths = {len(axis) for axis in Sweep(BASE, axes).axes}
    if how == "zip" and len(lengths) > 1:
        pytest.skip("they cannot stand side by side")
    sweep = Sweep(BASE, axes, how)
    read = parse_batch(yaml_of("poster", sweep), "any.yaml")
    assert read.name == "poster"
    assert asked(read.sweep) == asked(sweep)


def test_values_stand_there_as_a_person_would_write_them():
    sweep = Sweep(BASE, {"guidance_scale": [3, 5.5], "prompt": ["a cat", "a dog"]})
    content = yaml.safe_load(yaml_of("poster", sweep))
    assert content["axes"] == {"guidance_scale": "3, 5.5", "prompt": ["a cat", "a dog"]}
    assert content["settings"]["face"] == {"enabled": True, "denoising_strength": 0.35}
    assert "how" not in content


def test_a_random_choice_becomes_what_was_chosen():
    axes = {"steps": "1-9", "guidance_scale": "1-9"}
    sweep = Sweep(BASE, axes, "random", count=5, seed=3)
    read = parse_batch(yaml_of("some", sweep), "any.yaml").sweep
    assert [*read.configs()] == [*sweep.configs()]
