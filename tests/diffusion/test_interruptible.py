"""Large operations on a CPU are cancelled in the middle, and computed in parts to the same."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from medialab.diffusion import interruptible
from medialab.diffusion.interruptible import Interruptible
from medialab.errors import CancelledError


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(interruptible, "_MOST", 20_000)


@pytest.fixture
def checks():
    return []


@pytest.fixture
def mode(checks):
    return Interruptible(lambda: checks.append(1))


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_attention_in_parts_is_the_whole(small_parts, mode, checks):
    query, key = random(2, 4, 1500, 16), random(2, 4, 77, 16)
    whole = F.scaled_dot_product_attention(query, key, key, dropout_p=0.0)
    with mode:
        parts = F.scaled_dot_product_attention(query, key, key, dropout_p=0.0)
    assert torch.equal(parts, whole)
    assert len(checks) > 5


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "groups"),
    [*itertools.product((1, 3, 4), (1, 2), (0, 1, 2), (1, 2), (1, 2))],
)
def test_a_convolution_in_parts_is_the_whole(
    monkeypatch, mode, checks, kernel, stride, padding, dilation, groups
):
    monkeypatch.setattr(interruptible, "_MOST", 1_000)
    pixels, weight = random(2, 4, 37, 29), random(6, 4 // groups, kernel, kernel)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    whole = F.conv2d(pixels, weight, random(6), **how)
    with mode:
        parts = F.conv2d(pixels, weight, random(6), **how)
    assert parts.shape == whole.shape
    assert torch.allclose(parts, whole, atol=1e-5)
    assert len(checks) > 5 or padding > dilation * (kernel - 1)  # rows of nothing: as a whole


def test_a_word_for_the_padding_and_a_mask_are_computed_at_once(small_parts, mode):
    pixels, weight = random(1, 3, 40, 40), random(4, 3, 3, 3)
    query, mask = random(1, 2, 90, 8), torch.ones(90, 90, dtype=torch.bool)
    with mode:
        assert torch.equal(
            F.conv2d(pixels, weight, padding="same"), F.conv2d(pixels, weight, padding=1)
        )
        F.scaled_dot_product_attention(query, query, query, mask)


def test_a_cancel_stops_in_the_middle_of_one_operation(small_parts):
    checks = itertools.count()

    def check():
        if next(checks) == 3:
            message = "cancelled"
            raise CancelledError(message)

    query = random(1, 4, 1500, 16)
    with pytest.raises(CancelledError), Interruptible(check):
        F.scaled_dot_product_attention(query, query, query)
    assert next(checks) == 4
    F.scaled_dot_product_attention(query, query, query)  # all is as before
    assert next(checks) == 5
