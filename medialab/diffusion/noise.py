"""Noise drawn on the CPU from seeds, so that every device starts from the same noise."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

# The cosine above which two noises are interpolated linearly. Source: as `mixed`.
_ALIKE = 0.9995


class Variation(NamedTuple):
    """Another seed's noise and its share in the mixture, from 0 (none) to 1 (all)."""

    seed: int
    strength: float


def first_noise(
    shape: tuple[int, ...],
    generator: "torch.Generator",
    dtype: "torch.dtype",
    variation: Variation,
) -> "torch.Tensor":
    """Return the first noise of a picture: the generator's, mixed with the variation's.

    The generator advances as it would without a variation, so a sampler that draws further noise
    draws the same. Source: A1111 modules/rng.py, ImageRNG.first.

    Args:
        shape: (1, c, h, w).
        generator: A CPU generator, seeded.
        dtype: The dtype in which noise is drawn.
        variation: The other seed and its share.
    """
    import torch

    own = torch.randn(shape, generator=generator, dtype=dtype)
    other = torch.Generator("cpu").manual_seed(variation.seed)
    return mixed(own, torch.randn(shape, generator=other, dtype=dtype), variation.strength)


def mixed(one: "torch.Tensor", other: "torch.Tensor", share: float) -> "torch.Tensor":
    """Interpolate two noises spherically, which keeps their deviation, unlike their mean.

    The angle is that of each column. Source: A1111 modules/rng.py, slerp.

    Args:
        one: (1, c, h, w).
        other: Of the same shape.
        share: The share of `other`, 0 to 1.
    """
    import torch

    low, high = one[0].float(), other[0].float()
    unit_low = low / torch.norm(low, dim=1, keepdim=True)
    unit_high = high / torch.norm(high, dim=1, keepdim=True)
    dot = (unit_low * unit_high).sum(1)
    if dot.mean() > _ALIKE:
        return (low * (1 - share) + high * share).to(one.dtype)[None]
    angle = torch.acos(dot)
    from_low = (torch.sin((1 - share) * angle) / torch.sin(angle)).unsqueeze(1)
    from_high = (torch.sin(share * angle) / torch.sin(angle)).unsqueeze(1)
    return (from_low * low + from_high * high).to(one.dtype)[None]
