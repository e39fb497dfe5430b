"""What copying did to an infotext is undone, and nothing is done to one that was not copied."""

import pytest

from medialab.infotext.copied_texts import restorations, unquoted

WHOLE = "a cat\nNegative prompt: a dog\nSteps: 20, Sampler: Euler"


@pytest.mark.parametrize(
    "lines",
    [
        ["> a cat", ">", "> Steps: 20"],
        ["```text", "a cat", "", "Steps: 20", "```"],
        ['"a cat', "", 'Steps: 20"'],
        ["a cat", "", "**Settings:** Steps: 20"],
    ],
    ids=["quoted", "fenced", "in quotes", "in bold"],
)
def test_a_web_pages_markup_is_removed(lines):
    prompt, empty, steps = unquoted(lines)
    assert (prompt, empty, steps.removeprefix("Settings: ")) == ("a cat", "", "Steps: 20")


def test_a_quoted_word_at_both_ends_is_not_markup():
    lines = ['"Cat" on a wall', 'Steps: 20, Model: "Dog"']
    assert unquoted(lines) == lines


@pytest.mark.parametrize(
    ("copied", "note"),
    [
        (WHOLE.replace("\n", "."), "line breaks were lost"),
        (WHOLE.replace("\n", "<br>"), "line breaks were lost"),
        (WHOLE.replace("Steps", "- Steps"), "bulleted list"),
        (WHOLE.replace("Steps: ", "Steps\uff1a"), "other than commas and colons"),
    ],
)
def test_each_way_of_copying_is_undone_and_said(copied, note):
    assert [text for text, said in restorations(copied) if note in said] == [WHOLE]


def test_signs_within_a_negative_prompt_stay():
    text = "Negative prompt\uff1aa dog\uff0c a fox"
    assert [restored for restored, _ in restorations(text)] == [
        "Negative prompt: a dog\uff0c a fox"
    ]


def test_nothing_is_offered_for_a_text_that_was_not_copied():
    assert list(restorations(WHOLE)) == []
