"""The tokens of both prompts are counted as they change, by the chosen checkpoint."""

import pytest

from medialab.prompts import MOST_CHARACTERS


@pytest.fixture
def form(studio):
    """The form of a studio, which counts its tokens."""
    return studio.form


def test_each_prompt_has_its_own_count_and_it_follows_the_text(form):
    form["prompt"].value = "a green tree"
    form["negative_prompt"].value = "a tree"
    assert (form["prompt"].tokens, form["negative_prompt"].tokens) == (
        "3 / 38 tokens",
        "2 / 38 tokens",
    )
    form["prompt"].value = "a tree"
    assert form["prompt"].tokens == "2 / 38 tokens"


def test_without_its_checkpoint_a_prompt_has_no_count_and_no_error(form, studio):
    form["prompt"].value = "a green tree"
    form["checkpoint"].choose("gone")
    assert (form["prompt"].tokens, studio.canvas.error.value) == ("", "")
    form["checkpoint"].choose("paperdoll")
    form["prompt"].value = "a tree"
    assert form["prompt"].tokens == "2 / 38 tokens"


@pytest.mark.parametrize("over", [0, 1])
def test_a_prompt_that_is_too_long_is_measured_in_place_of_being_counted(form, over):
    form["prompt"].value = "a " * (MOST_CHARACTERS // 2) + "b" * over
    assert ("of at most 20,000 characters" in form["prompt"].tokens) is bool(over)
