"""What a family says of itself, and how it refuses what it cannot do."""

from dataclasses import replace

import pytest

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING


def test_a_capability_is_handed_out_or_refused_with_the_words_of_the_task():
    family = RUNNING["sd15"]
    assert family.require(family.noising, "starting from a picture") is family.noising
    says = "^starting from a picture is not possible yet with checkpoints of family sd15$"
    with pytest.raises(ModelRefusedError, match=says):
        family.require(None, "starting from a picture")


def test_the_size_of_the_training_is_told_by_what_is_predicted_and_else_is_the_usual_one():
    family = replace(RUNNING["sd15"], native_sizes={"": 512, "v_prediction": 768})
    assert family.native_size("v_prediction") == 768
    assert family.native_size("epsilon") == family.native_size("") == 512
    assert replace(family, native_sizes={}).native_size("epsilon") is None


@pytest.mark.parametrize("family", RUNNING.values(), ids=str)
def test_a_family_is_written_by_its_name_and_its_latents_in_words(family):
    assert RUNNING[str(family)] is family
    latents = family.latents
    assert latents.description.startswith(f"{latents.channels} channels, ")
    assert str(latents.reduction) in latents.description
