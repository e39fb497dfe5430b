"""The markers in a detailer's prompt."""

import pytest

from medialab.stages.detailer.prompts import prompt_for


@pytest.mark.parametrize(
    ("text", "index", "label", "found"),
    [
        ("", 0, "face", "a doll"),
        ("a face", 3, "face", "a face"),
        ("one [SEP] two", 0, "face", "one"),
        ("one [SEP] two", 1, "face", "two"),
        ("one [SEP] two", 7, "face", "two"),
        ("one [SEP] [SEP] three", 1, "face", "a doll"),
        ("one [SEP][SKIP]", 1, "face", None),
        ("smiling, [PROMPT], close", 0, "face", "smiling, a doll, close"),
        ("[CONCAT] smiling", 0, "face", "a doll BREAK smiling"),
        ("[CONCAT] one [SEP] two", 1, "face", "a doll BREAK two"),
        ("[LAB][ALL] sharp [left hand] open [right hand] closed", 0, "left hand", "sharp, open"),
        ("[LAB]\n[ALL] sharp\n[Face] smiling", 5, "face", "sharp, smiling"),
        ("[LAB][face] [SKIP] [ALL] sharp", 0, "face", None),
        ("[LAB][face] [PROMPT], close", 0, "face", "a doll, close"),
        ("[LAB][hand] open", 0, "face", "a doll"),
        ("[CONCAT][LAB][face] smiling", 0, "face", "a doll BREAK smiling"),
        ("an [old] face", 0, "face", "an [old] face"),
    ],
)
def test_a_prompt_says_something_of_each_find(text, index, label, found):
    assert prompt_for(text, "a doll", index=index, label=label) == found


def test_the_bases_prompt_is_taken_as_it_stands():
    base = "[a|b] [SEP] doll"
    assert prompt_for(base, base, index=1, label="face") == base
