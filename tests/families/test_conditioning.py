"""A conditioning: what each step is given, and back from its embeddings."""

import torch

from medialab.diffusion.encoding import encode
from medialab.families.conditioning import Conditioning, Moment, Track
from tests.tiny.text_models import FAMILIES


def test_a_conditioning_is_made_again_from_its_embeddings(loaded):
    for name in FAMILIES:
        found = encode(loaded[name], "a hat", "x").embeddings()
        again = Conditioning.of(found).embeddings()
        assert found.keys() == again.keys()
        assert all(torch.equal(found[key], again[key]) for key in found)


def test_after_its_last_moment_a_track_goes_on():
    one, two = Moment(2, {"prompt_embeds": torch.zeros(1)}), Moment(5, {})
    track = Track((one, two))
    assert [track.at(step) for step in (1, 2, 3, 5, 9)] == [one, one, two, two, two]
