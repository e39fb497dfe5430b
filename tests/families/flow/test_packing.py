"""Tokens are those of diffusers' pipelines, and become the same latents again."""

import pytest
import torch
from diffusers import Flux2KleinPipeline, FluxPipeline

from medialab.families.flow.packing import Tokens

LATENTS = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(0))
EXPECTED = {
    2: FluxPipeline._pack_latents(LATENTS, 1, 4, 6, 8),
    1: Flux2KleinPipeline._pack_latents(LATENTS),
}


@pytest.mark.parametrize("side", EXPECTED)
def test_latents_are_packed_as_in_diffusers_and_unpacked_to_the_same(side):
    packing = Tokens(side)
    tokens = packing.packed(LATENTS)
    assert torch.equal(tokens, EXPECTED[side])
    assert torch.equal(packing.unpacked(tokens, (6, 8)), LATENTS)
