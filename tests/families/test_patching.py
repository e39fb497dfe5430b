"""Networks whose calls go elsewhere for a while, and batches taken apart."""

import pytest
import torch

from medialab.families.patching import computing_by, joined_rows, of_rows, restoring_forward


def test_calls_go_elsewhere_and_come_back_after_an_error():
    network = torch.nn.Identity()
    with computing_by(network, lambda value: value + 1):
        assert network(torch.ones(1)) == 2
    with pytest.raises(ZeroDivisionError), computing_by(network, lambda value: value / 0):
        network(0)
    assert network(torch.ones(1)) == 1
    assert "forward" not in vars(network)


def test_a_wrapper_that_stood_there_before_stands_there_again():
    network = torch.nn.Identity()
    network.forward = wrapper = lambda value: value * 3
    with computing_by(network, lambda value: value + 1):
        pass
    assert network.forward is wrapper


def test_a_wrapper_that_others_left_behind_is_taken_off():
    network = torch.nn.Identity()
    with restoring_forward(network):
        network.forward = lambda value: value * 3
    assert network(torch.ones(1)) == 1


def test_a_batch_taken_apart_and_put_together_is_the_batch():
    batch = {"one": torch.arange(6).reshape(2, 3), "more": [torch.ones(2), "text"], "n": 2}
    rows = [of_rows(batch, 2, lambda value, row=row: value[row : row + 1]) for row in (0, 1)]
    assert rows[0]["more"][1] == "text"
    assert rows[1]["n"] == 2
    joined = joined_rows([(row["one"], [row["more"][0]]) for row in rows])
    assert torch.equal(joined[0], batch["one"])
    assert torch.equal(joined[1][0], batch["more"][0])


def test_what_has_no_row_for_each_of_the_batch_is_left_as_it_is():
    value = torch.ones(3, 2)
    assert of_rows(value, 2, lambda _: None) is value
