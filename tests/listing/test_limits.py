"""What a family cannot do is known from a checkpoint's listing, by setting."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from medialab.families import RUNNING
from medialab.listing.limits import TILES, limits_of
from medialab.listing.runnable import why_not_with

FOLDER = Path(__file__).parent


def listed(family, lacks=(), edition="", path=FOLDER, stored=""):
    return SimpleNamespace(
        name="one",
        family=family,
        lacks_encoders=lacks,
        edition=edition,
        path=path,
        stored=stored,
    )


@pytest.mark.parametrize("name", RUNNING)
def test_the_reasons_are_those_of_the_family(name):
    own, found = RUNNING[name], limits_of(listed(name))
    assert ("control" in found) == (why_not_with("controlnet", name, "", name) is not None)
    files = own.latents.description  # of VAEs in models/vae
    assert ("vae" in found) == (why_not_with("vae", name, files, name) is not None)
    assert (TILES in found) == (own.tiling is None)
    assert ("step_cache" in found) == (not own.reused_blocks)
    assert all(name in reason for setting, reason in found.items() if setting != "text_encoder")


def test_a_checkpoint_without_text_encoders_may_be_given_them():
    assert limits_of(listed("flux"))["text_encoder"] == "one has its text encoders inside."
    assert "text_encoder" not in limits_of(listed("flux", ("text_encoder",)))


def test_quantised_weights_are_stored_as_they_are():
    why = limits_of(listed("flux", stored="GGUF Q4_K_M"))["weight_dtype"]
    assert why == "one's weights are GGUF Q4_K_M, and stay as they are."
    assert "weight_dtype" not in limits_of(listed("flux"))


def test_of_a_family_that_does_not_run_nothing_is_said():
    assert limits_of(listed("wan")) == {}


def test_a_distilled_folder_reads_no_guidance_and_no_negative_prompt_a_file_of_it_does():
    greyed = limits_of(listed("flux2-klein-4b", edition="distilled"))
    why = "one is distilled: it follows the prompt alone, as at guidance 1."
    assert greyed["guidance_scale"] == greyed["negative_prompt"] == why
    for other in ({"edition": "base"}, {}, {"edition": "distilled", "path": Path(__file__)}):
        assert "guidance_scale" not in limits_of(listed("flux2-klein-9b", **other))
