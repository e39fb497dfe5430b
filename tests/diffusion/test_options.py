"""Of a denoising's options the record tells those that are on."""

from medialab.diffusion.noise import Variation
from medialab.diffusion.options import PLAIN, DenoisingOptions
from medialab.diffusion.second_checkpoint import Handover


def test_a_plain_denoising_has_none_to_tell():
    assert PLAIN.as_record(4) == {}


def test_a_variation_and_a_handover_are_told_by_their_names():
    other = Handover("other", None, None, 0.5)
    told = DenoisingOptions(variation=Variation(7, 0.3), handover=other).as_record(4)
    assert set(told) == {"variation", "handover"}
    assert set(told["variation"].values()) == {7, 0.3}
    assert told["handover"]["checkpoint"] == "other"
