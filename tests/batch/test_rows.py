"""Rows of a batch's table, as they are chosen."""

import numpy as np
import pandas as pd
import pytest

from medialab import PipelineConfig
from medialab.batch.rows import row_numbers
from medialab.errors import BatchError

TABLE = pd.DataFrame({"steps": [4, 8, 12, 16]})


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        (2, [2]),
        ([3, 1, 3], [3, 1]),
        (range(2), [0, 1]),
        (np.array([1, 2]), [1, 2]),
        (TABLE["steps"] > 8, [2, 3]),
        (TABLE[TABLE["steps"] > 8], [2, 3]),
        (TABLE.query("steps < 8").index, [0]),
        (TABLE.loc[1:2, "steps"], [1, 2]),
        ([], []),
    ],
)
def test_rows_are_chosen_by_number_and_by_pandas(rows, numbers):
    assert row_numbers(rows, 4) == numbers


@pytest.mark.parametrize("rows", [4, [-1], ["x"], [True, False, True, False], [1.5]])
def test_a_row_that_is_none_is_named(rows):
    with pytest.raises(BatchError, match=r"there is no row .* rows go from 0 to 3"):
        row_numbers(rows, 4)


def test_the_pictures_of_rows_are_tagged(bench):
    base = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64)
    batch = bench.sweep(base, {"seed": [1, 2, 3]}, name="tagged").run()
    gone = bench.artifacts.folder / batch.table["path"][2]
    gone.unlink()
    batch.tag(batch.table["seed"] > 1, "project:poster", "good")
    found = bench.find(tag="project:poster")
    assert [*found["seed"]] == [2]
    assert found["tags"][0] == ("project:poster", "good")
    bench.tags.remove(found, "good")
    assert dict(bench.tags) == {"project:poster": 1}
