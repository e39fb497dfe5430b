"""What a detailer does where it is told nothing, by family."""

import pytest

from medialab.families.habits import DetailerHabits
from medialab.families.paperdoll import PAPERDOLL


def test_surroundings_are_enlarged_as_far_as_a_family_bears_it():
    assert [DetailerHabits().largest(native) for native in (512, 768, 1024)] == [1024, 1024, 1024]
    assert PAPERDOLL.habits.largest(128) == 128


@pytest.mark.parametrize(
    ("prompt", "part", "framed"),
    [
        ("full body, a sad person", "face", "a close-up of the face of a sad person"),
        ("a full body picture of a sad person", "face", "a close-up of the face of a sad person"),
        ("a sad person", "face", "a close-up of the face of a sad person"),
        ("a sad person", "hand", "a close-up of an open hand"),
        ("a <lora:ink:0.5> doll", "hand", "a close-up of an open hand <lora:ink:0.5>"),
        ("full body, a sad person", "body", "full body, a sad person"),
    ],
)
def test_a_paper_dolls_part_has_a_prompt_of_its_framing(prompt, part, framed):
    assert PAPERDOLL.habits.of(part).framed(prompt) == framed
    assert PAPERDOLL.habits.of("").framed(prompt) == prompt
    assert DetailerHabits().of(part).framed(prompt) == prompt
