"""A batch as a YAML file, read as a person meant it."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialab import PipelineConfig
from medialab.batch.files import batch_in, plain_batch, read_batch
from medialab.batch.setting_names import setting_names
from medialab.errors import BatchError, ConfigError, MediaLabError
from tests.examples import examples

WHOLE = """
name: poster
settings:
  prompt: no
  seed: 007
  loras: [ink:0.5]
  face:
    enabled: yes
    denoising_strength: 0.4
  hand.enabled: true
axes:
  guidance_scale: [3, 5, 7]
  face.denoising_strength: 0.2-0.6 [3]
  width, height: [[512, 768], [768, 512]]
how: grid
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="night palette.yaml"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return read_batch(file)

    return read_text


def test_a_whole_file_is_read(read):
    batch = read(WHOLE)

    assert batch.name == "poster"
    assert len(batch.sweep) == 18
    assert batch.sweep.base == PipelineConfig(
        prompt="no",
        seed=7,
        loras=[{"name": "ink", "weight": 0.5}],
        face={"enabled": True, "denoising_strength": 0.4},
        hand={"enabled": True},
    )
    assert batch.sweep.settings(17) == {
        "guidance_scale": 7.0,
        "face.denoising_strength": 0.6,
        "width": 768,
        "height": 512,
    }


def test_without_a_name_the_file_gives_it(read):
    assert read("settings: {prompt: a cat}").name == "night palette"


@pytest.mark.parametrize(
    "word",
    ["no", "yes", "on", "null", "~", "1e3", "007", "2026-11-28", "0x1F", "1_000", "=", ".inf"],
)
def test_what_yaml_takes_for_something_else_stays_a_prompt(read, word):
    assert (
        read(f"settings: {{prompt: {word}}}\naxes: {{prompt: [{word}, a cat]}}").sweep.base.prompt
        == word
    )


@pytest.mark.parametrize("nothing", ["null", "~", "", "automatic"])
def test_an_optional_setting_is_left_to_the_studio(read, nothing):
    text = f"settings:\n  face:\n    denoising_strength: {nothing}\n"

    assert read(text).sweep.base.face.denoising_strength is None


def test_prompts_may_lie_in_a_file_beside_it(read, tmp_path):
    (tmp_path / "prompts.txt").write_text("a cat\na dog, at night\n")

    sweep = read("axes: {prompt: {file: prompts.txt}}").sweep

    assert [sweep.settings(row)["prompt"] for row in range(2)] == ["a cat", "a dog, at night"]


def test_a_random_choice_has_its_count_and_seed(read):
    text = "axes: {seed: 1-100}\nhow: random\ncount: 5\nseed: 3"

    assert read(text).sweep.as_plain() == read(text).sweep.as_plain()
    assert len(read(text).sweep) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("settings: {seed: 1e3}", "seed='1e3': write a whole number"),
        ("settings: {seed: 2026-11-28}", "seed='2026-11-28'"),
        ("settings: {stps: 3}", "Did you mean 'steps'"),
        ("settings: {face: {stps: 3}}", r"no setting 'face\.stps'"),
        ("axes: {stps: [3]}", "Did you mean 'steps'"),
        ("axes: {prompt: {fiel: a.txt}}", "Did you mean 'file'"),
        ("axes: {prompt: {file: gone.txt}}", r"gone\.txt cannot be read"),
        ("axes: [seed]", "axes: write names with values"),
        ("axis: {seed: 1}", "Did you mean 'axes'"),
        ("how: gird", "Did you mean 'grid'"),
        ("how: [grid]", "known: grid"),
        ("count: many\nhow: random", "count: 'many' is not a whole number"),
        ("settings: {seed: 1, seed: 2}", "'seed' stands here twice"),
        ("a: !!python/object/apply:os.system [echo]", "not allowed"),
        ("a: !mine 3", "not allowed"),
        ("- a\n- b", "write names and values"),
        ("", "write names and values"),
        ("a: [", "not the YAML"),
        ("a: " + "[" * 5000, "not the YAML"),
        ("metrics: {sharpness: [1]}", "metrics: write names"),
        ("a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
            for old, new in zip("abcdefg", "bcdefgh", strict=True)
        ), "more than 1,000,000 values"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_by_name(read, text, told):
    with pytest.raises(MediaLabError, match=told) as caught:
        read(text)
    assert isinstance(caught.value, (BatchError, ConfigError))


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path):
    with pytest.raises(BatchError, match=r"gone\.yaml cannot be read"):
        read_batch(tmp_path / "gone.yaml")
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(BatchError, match="not text in UTF-8"):
        read_batch(tmp_path / "picture.yaml")


def test_a_notebooks_parameters_are_a_batch():
    batch = batch_in(
        {
            "name": "poster",
            "settings": {"prompt": "a cat", "seed": 7},
            "axes": "{steps: 2-4, face.denoising_strength: [automatic, 0.5]}",
            "how": "grid",
            "count": None,
            "seed": 0,
            "_hidden": 1,
            "In": [],
            "read_batch": read_batch,
        }
    )

    assert batch.name == "poster"
    assert [axis.labels for axis in batch.sweep.axes] == [("2", "3", "4"), ("automatic", "0.5")]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"axis": {}}, "no parameter 'axis' in this notebook. Did you mean 'axes'"),
        ({"settings": {"prompt": False}}, "prompt=False: write text.*put them in quotes"),
        ({"settings": {"prompt": 7}}, "prompt=7: write text.*007"),
        ({"settings": {"face": {"prompt": 7}}}, r"face\.prompt=7: write text"),
        ({"axes": {"prompt": ["a cat", False]}}, "prompt=False: write text"),
        ({"name": False}, "name: False is not text"),
        ({"name": 1.5}, "name: 1.5 is not text"),
        ({"metrics": ["sharpness", 7]}, "metrics: write names"),
        ({"settings": {"seed": 1.5}}, "seed=1.5: write a whole number"),
        ({"settings": [1]}, "settings: write names with values"),
        ({"settings": False}, "settings: write names with values"),
        ({"axes": []}, "axes: write names with values"),
        ({"axes": 0}, "axes: write names with values"),
        ({"how": False}, "how: False"),
        ({"how": 0}, "how: 0"),
        ({"axes": "seed"}, "write names and values"),
        ({"count": True, "how": "random"}, "count: True is not a whole number"),
    ],
)
def test_a_parameter_that_is_wrong_is_refused_by_name(parameters, told):
    with pytest.raises(MediaLabError, match=told):
        batch_in(parameters)


@pytest.mark.parametrize(
    ("given", "name"), [("poster", "poster"), (2024, "2024"), (None, "batch"), ("", "batch")]
)
def test_a_name_is_text_or_the_number_that_a_shell_passes(given, name):
    assert batch_in({"name": given}).name == name


@pytest.mark.parametrize(
    ("metrics", "read_as"),
    [
        ("sharpness, mean_colour", ["sharpness", "mean_colour"]),
        ("[sharpness]", ["sharpness"]),
        (["sharpness", {"difference": "car.png"}], ["sharpness", {"difference": Path("car.png")}]),
        (None, []),
        ("", []),
    ],
)
def test_metrics_are_asked_for_in_a_file(metrics, read_as):
    assert batch_in({"metrics": metrics}).metrics == read_as


def test_a_reference_lies_beside_the_file(read, tmp_path):
    batch = read("metrics: [{difference: car.png}]")

    assert batch.metrics == [{"difference": tmp_path / "car.png"}]


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_the_texts_of_another_program_are_those_that_it_sends(text):
    """As YAML they would be read anew: lines folded, and some characters refused."""
    read = plain_batch({"settings": {"prompt": text}, "axes": {"negative_prompt": [text]}}, "b")
    assert read.sweep.config(0).prompt == read.sweep.config(0).negative_prompt == text


@pytest.mark.parametrize("value", [None, True, 7, 1.5, ["a"], {"a": 1}], ids=str)
@pytest.mark.parametrize("is_axis", [False, True])
def test_what_is_no_text_becomes_none(value, is_axis):
    given_as = {"axes": {"prompt": [value]}} if is_axis else {"settings": {"prompt": value}}
    with pytest.raises(MediaLabError, match="prompt"):
        plain_batch(given_as, "b").sweep.check()


def test_a_parameter_of_another_kind_is_not_ignored():
    batch = batch_in({"metrics": ("sharpness",), "axes": {"seed": np.arange(3)}})
    assert (batch.metrics, batch.sweep.shape) == (["sharpness"], (3,))
    with pytest.raises(MediaLabError, match="axes"):
        batch_in({"axes": {1, 2}})
    with pytest.raises(MediaLabError, match="count"):
        batch_in({"count": 3j, "how": "random"})


def test_one_number_is_one_value():
    assert batch_in({"axes": {"steps": 4, "seed": [1, 2]}}).sweep.shape == (1, 2)


def test_a_huge_file_is_refused_at_once(tmp_path):
    file = tmp_path / "huge.yaml"
    with file.open("wb") as opened:
        opened.truncate(100 * 2**20)

    with pytest.raises(BatchError, match=r"huge\.yaml cannot be read: too large"):
        read_batch(file)


def test_many_keys_are_read_in_no_time_and_one_that_stands_twice_is_found(read):
    lines = "".join(f"  x{number}: 1\n" for number in range(5000))

    with pytest.raises(BatchError, match="'x7' stands here twice"):
        read(f"axes:\n{lines}  x7: 1\n")


# What papermill passes for values of YAML and of its -p, and a little worse.
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 2**65),
        st.floats(),
        st.sampled_from(
            ["no", "1e3", "007", "2026-11-28", "", "~", "1-3", "0-1 [2]", "Euler", "a,b"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "a"]), inner, max_size=2),
    ),
    max_leaves=4,
)


@settings(max_examples=examples(150), deadline=None)
@given(name=st.sampled_from(setting_names()), value=VALUES, is_axis=st.booleans())
def test_any_value_is_read_or_refused_by_name(name, value, is_axis):
    said = ""
    try:
        batch_in({"axes" if is_axis else "settings": {name: value}}).sweep.check()
    except MediaLabError as error:
        said = str(error)
    last = name.rpartition(".")[2]
    assert not said or last in said or str(value)[:20] in said, said


def test_the_files_that_the_page_shows_are_batches(read, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "batch.md").read_text(encoding="utf-8")
    (tmp_path / "prompts.txt").write_text("a cat\na dog\n")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert shown
    for text in shown:
        read(text).sweep.check()
