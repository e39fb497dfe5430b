"""Noise, drawn on the CPU from seeds so that every device starts from the same."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

# Two noises that are nearly one have no arc between them. Source: as `mixed`.
_ALIKE = 0.9995


class Variation(NamedTuple):
    """Another seed's noise, mixed into the first: 0 is none of it, 1 nothing else."""

    seed: int
    strength: float


def first_noise(
    shape: tuple[int, ...],
    generator: "torch.Generator",
    dtype: "torch.dtype",
    variation: Variation,
) -> "torch.Tensor":
    """What a picture starts from, (1, c, h, w): the generator's noise, varied.

    The generator is left where it would be without a variation, so that samplers that draw more go
    on as they would. Source: A1111 modules/rng.py, ImageRNG.first.
    """
    import torch

    own = torch.randn(shape, generator=generator, dtype=dtype)
    other = torch.Generator("cpu").manual_seed(variation.seed)
    return mixed(own, torch.randn(shape, generator=other, dtype=dtype), variation.strength)


def mixed(one: "torch.Tensor", other: "torch.Tensor", share: float) -> "torch.Tensor":
    """On the arc from one noise to another, (1, c, h, w) each; `share` 0 to 1 is how far.

    Unlike their mean, what lies between has their spread. The arc is taken over each picture's
    columns. Source: A1111 modules/rng.py, slerp.
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
