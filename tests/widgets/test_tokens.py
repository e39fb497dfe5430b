"""The tokens of both prompts are counted as they change, by the chosen checkpoint."""

import pytest

from medialab.prompts import MOST_CHARACTERS


@pytest.fixture
def form(studio):
    """The form of a studio, which counts its tokens."""
    return studio.form


def test_each_prompt_has_its_own_count_and_it_follows_the_text(form):
    form.set({"prompt": "a green tree"})
    form.set({"negative_prompt": "a tree"})
    assert (form.basics.tokens["prompt"], form.basics.tokens["negative_prompt"]) == (
        "3 / 38 tokens",
        "2 / 38 tokens",
    )
    form.set({"prompt": "a tree"})
    assert form.basics.tokens["prompt"] == "2 / 38 tokens"


def test_without_its_checkpoint_a_prompt_has_no_count_and_no_error(form, studio):
    form.set({"prompt": "a green tree"})
    form.set({"checkpoint": "gone"})
    assert (form.basics.tokens["prompt"], studio.canvas.foot.error_text) == ("", "")
    form.set({"checkpoint": "paperdoll"})
    form.set({"prompt": "a tree"})
    assert form.basics.tokens["prompt"] == "2 / 38 tokens"


@pytest.mark.parametrize("over", [0, 1])
def test_a_prompt_that_is_too_long_is_measured_in_place_of_being_counted(form, over):
    form.set({"prompt": "a " * (MOST_CHARACTERS // 2) + "b" * over})
    assert ("of at most 20,000 characters" in form.basics.tokens["prompt"]) is bool(over)
