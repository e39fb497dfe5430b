"""The table of a batch: every value in its own type, in memory, as CSV and as Parquet."""

import pandas as pd
import pytest

from medialab import PipelineConfig
from medialab.batch.sweep import Sweep
from medialab.batch.table import table_of

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
AXES = {
    "loras": [[], ["ink:0.5"], ["ink", "night:0.25"]],
    "face.denoising_strength": [None, 0.5, 1],
    "face.steps": [None, 4, 8],
    "width": [64, 128, 192],
    "face.enabled": [False, True, True],
    "face.prompt": [None, 'a smile, "wide"', ""],
    "styles": [[], ["oil"], ["oil", "ink"]],
    "prompt": ["no", "1e3", "Üñí 漢字"],
}
STATES = [
    {
        "state": "done",
        "path": "2026-11-29/00001-7.png",
        "sha256": "a" * 64,
        "seconds": {"prompt": 0.25, "txt2img": 1.5},
        "cached": ["prompt"],
        "version": "0.1.0",
    },
    {"state": "failed", "error": 'no checkpoint "gone"'},
    {"state": "waiting"},
]
METRICS = {"sharpness": [1.25, None, None], "mean_colour": [[1.0, 2.0, 3.5], None, None]}


@pytest.fixture
def table():
    return table_of(Sweep(BASE, AXES, "zip"), STATES, METRICS)


def test_every_value_has_its_own_type(table):
    types = {name: str(kind) for name, kind in table.dtypes.items()}

    assert types == {
        "loras": "object",
        "face.denoising_strength": "float64",
        "face.steps": "Int64",
        "width": "int64",
        "face.enabled": "bool",
        "face.prompt": "str",
        "styles": "object",
        "prompt": "str",
        "seed": "int64",
        "status": "str",
        "path": "str",
        "sha256": "str",
        "error": "str",
        "version": "str",
        "seconds.prompt": "float64",
        "cached.prompt": "boolean",
        "seconds.txt2img": "float64",
        "cached.txt2img": "boolean",
        "sharpness": "float64",
        "mean_colour": "object",
    }
    assert [one["weight"] for one in table["loras"][2]] == [1.0, 0.25]
    assert [*table["prompt"]] == ["no", "1e3", "Üñí 漢字"]
    assert table["cached.prompt"].tolist() == [True, pd.NA, pd.NA]
    assert table["cached.txt2img"].tolist() == [False, pd.NA, pd.NA]
    assert [*table["status"]] == ["done", "failed", "waiting"]


def test_parquet_keeps_it_as_it_is(table, tmp_path):
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "table.parquet")
    again = pd.read_parquet(tmp_path / "table.parquet")

    plain = [name for name, kind in table.dtypes.items() if str(kind) != "object"]
    pd.testing.assert_frame_equal(again[plain], table[plain])
    assert [[*one] for one in again["styles"]] == table["styles"].tolist()
    assert [[*one] for one in again["loras"]] == table["loras"].tolist()
    assert [*again["mean_colour"][0]] == [1.0, 2.0, 3.5]


def test_csv_keeps_numbers_texts_and_what_is_missing(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index_label="row")
    types = {name: str(kind) for name, kind in table.dtypes.items() if str(kind) != "object"}
    again = pd.read_csv(
        tmp_path / "table.csv",
        index_col="row",
        dtype=types,
        keep_default_na=False,
        na_values={name: [""] for name in types if name != "prompt"},
    )

    plain = [name for name in types if name != "face.prompt"]  # CSV has one empty text
    pd.testing.assert_frame_equal(again[plain], table[plain], check_names=False)


@pytest.mark.parametrize(
    ("seeds", "kind"),
    [([1, 2], "int64"), ([1, 2**64 - 1], "uint64"), ([2**63 - 1, 0], "int64")],
)
def test_seeds_of_64_bits_are_whole_numbers(seeds, kind):
    table = table_of(Sweep(BASE, {"seed": seeds}), [{"state": "waiting"}] * 2, {})

    assert str(table["seed"].dtype) == kind
    assert [*table["seed"]] == seeds


def test_a_setting_that_only_some_values_set_is_the_bases_in_the_others():
    sweep = Sweep(BASE, {"look": [{"steps": 4}, {"sampler": "Euler a"}]})

    table = table_of(sweep, [{"state": "waiting"}] * 2, {})

    assert [*table["steps"]] == [4, 2]
    assert [*table["sampler"]] == [BASE.sampler, "Euler a"]


@pytest.mark.parametrize("axes", [{"loras": [[], []]}, {"styles": [[]]}, {"control": [[]]}, {}])
def test_tables_without_any_value_become_parquet_too(axes, tmp_path):
    pytest.importorskip("pyarrow")
    sweep = Sweep(BASE, axes)
    table = table_of(
        sweep, [{"state": "waiting"}] * len(sweep), {"mean_colour": [None] * len(sweep)}
    )

    table.to_parquet(tmp_path / "table.parquet")

    assert len(pd.read_parquet(tmp_path / "table.parquet")) == len(sweep)
