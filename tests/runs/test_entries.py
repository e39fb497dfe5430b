"""Whatever bytes that are no entry raise counts as a broken one; other faults are not hidden."""

import json

import pytest
from safetensors.torch import load

from medialab.runs.entries import broken_as


class BrokenError(ValueError):
    pass


@pytest.mark.parametrize(
    "read",
    [
        lambda: load(b"no tensors"),
        lambda: json.loads("{"),
        lambda: json.loads("[" * 100_000),
        lambda: {}["facts"],
        lambda: json.loads("null").items(),
        lambda: int(json.loads("Infinity")),
        lambda: int([]),
    ],
)
def test_bytes_that_are_no_entry_are_told_as_one_error_with_its_cause(read):
    with pytest.raises(BrokenError, match="no frame: ") as raised, broken_as(BrokenError, "frame"):
        read()
    assert raised.value.__cause__ is not None


def test_a_fault_that_is_not_of_the_bytes_goes_on():
    with pytest.raises(MemoryError), broken_as(BrokenError, "frame"):
        raise MemoryError
