"""Noise between two seeds."""

import pytest
import torch

from medialab.diffusion.noise import Variation, first_noise, mixed

SHAPE = (1, 4, 16, 24)


def noise(seed):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def varied(seed, other, strength):
    generator = torch.Generator().manual_seed(seed)
    return first_noise(SHAPE, generator, torch.float32, Variation(other, strength))


def test_at_its_ends_the_arc_is_one_noise_or_the_other():
    torch.testing.assert_close(varied(1, 2, 0.0), noise(1), rtol=0, atol=1e-6)
    assert torch.equal(varied(1, 2, 1.0), noise(2))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_what_lies_between_has_the_spread_of_noise(share):
    between = varied(1, 2, share)
    assert 0.9 < float(between.std()) < 1.1
    assert float((noise(1) * share + noise(2) * (1 - share)).std()) < 0.85  # as a mean has not


def test_the_more_of_the_other_the_nearer_it_is():
    distances = [float((varied(1, 2, share) - noise(2)).norm()) for share in (0, 0.3, 0.6, 0.9)]
    assert distances == sorted(distances, reverse=True)


def test_two_of_one_kind_are_mixed_in_a_straight_line():
    assert torch.equal(mixed(noise(1), noise(1), 0.5), noise(1))


def test_the_generator_goes_on_as_without_a_variation():
    varying, plain = (torch.Generator().manual_seed(1) for _ in range(2))
    first_noise(SHAPE, varying, torch.float32, Variation(2, 0.5))
    torch.randn(SHAPE, generator=plain)
    assert torch.equal(torch.randn(8, generator=varying), torch.randn(8, generator=plain))
