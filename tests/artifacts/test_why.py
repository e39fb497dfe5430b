"""What explains that two pictures differ, in sentences."""

from medialab.artifacts.why import Reason, Why

SEED = Reason("setting", "seed", 7, 8, "Seed: 7 for A, 8 for B.")


def test_reasons_the_stage_what_is_equal_and_what_is_unknown_are_said_in_turn():
    found = Why(("A", "B"), (SEED,), ("prompt", "steps"), ("device",), "Face", are_equal=False)
    assert found.sentences == [
        "Seed: 7 for A, 8 for B.",
        "The first stage whose pictures differ is Face.",
        "Not different: prompt, steps.",
        "Not known of both: device.",
    ]
    assert str(found) == repr(found) == "\n".join(found.sentences)


def test_equal_pictures_are_said_to_be_equal_whatever_differs():
    assert Why(("A", "B"), (SEED,), are_equal=True).sentences[0] == "The two pictures are equal."
    assert Why(("A", "B"), ()).sentences == ["Nothing that is known of them differs."]


def test_a_difference_without_a_reason_is_said():
    (said,) = Why(("A", "B"), (), are_equal=False).sentences
    assert said == "The two pictures differ, but nothing that is known of them does."
