"""A module's rows of a layer that files have joined."""

import pytest
import torch

from medialab.families.lora_rows import following, swapped

WHOLE = torch.arange(12.0).reshape(6, 2)


def test_modules_follow_one_another_in_the_joined_layer():
    parts = [following([1, 2, 3], number).of(WHOLE) for number in range(3)]
    assert [len(one) for one in parts] == [1, 2, 3]
    assert torch.equal(torch.cat(parts), WHOLE)
    assert parts[1].data_ptr() == WHOLE[1:].data_ptr()  # no copy


def test_halves_change_places():
    assert torch.equal(swapped(6).of(WHOLE), torch.cat([WHOLE[3:], WHOLE[:3]]))


def test_another_number_of_rows_is_an_error():
    with pytest.raises(ValueError, match=r"\(6, 2\) in place of one of 7 rows"):
        following([3, 4], 0).of(WHOLE)


def test_the_joined_layers_shape_takes_no_memory():
    wide = following([2, 4], 0).widened(torch.empty(2, 5))
    assert wide.shape == (6, 5)
    assert wide.untyped_storage().nbytes() == 2 * 5 * 4
