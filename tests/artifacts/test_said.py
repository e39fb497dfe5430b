"""Settings and their differences in words."""

import pytest

from medialab.artifacts.said import label_of, said_of, sentence_of
from medialab.settings.loras import LoRAConfig


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        ("", "none"),
        ((), "none"),
        (True, "on"),
        (False, "off"),
        (0.30000000000000004, "0.3"),
        (0, "0"),
        ("a" * 64, "picture aaaaaaaa"),
        ((LoRAConfig(name="ink", weight=0.5), LoRAConfig(name="b")), "ink × 0.5, b × 1"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_value_is_said_in_words(value, words):
    assert said_of(value) == words


def test_a_setting_is_named_with_its_stage():
    assert label_of("guidance_scale") == "guidance scale"
    assert label_of("face.denoising_strength") == "denoising strength of Face"


@pytest.mark.parametrize(
    ("name", "first", "second", "said"),
    [
        ("seed", 7, 8, "Seed: 7 for A, 8 for B."),
        ("loras", (), ("ink",), "LoRAs: none for A, ink for B."),
        ("face.steps", 4, 8, "Steps of Face: 4 for A, 8 for B."),
        ("face.enabled", True, None, "Face runs for A, and not for B."),
        ("face.enabled", False, True, "Face runs for B, and not for A."),
        (
            "prompt",
            "a doll, red hair, a beach",
            "a doll, a beach, blue hair",
            "The prompt differs: A has “red hair”, B has “blue hair”.",
        ),
        (
            "prompt",
            "a doll, red hair",
            "a doll",
            "The prompt differs: A has “red hair”, B has nothing of that.",
        ),
        ("prompt", "a, b", "b, a", "The prompt differs: the same parts in another order."),
        ("prompt", "a car", "", "The prompt differs: “a car” for A, “none” for B."),
        ("prompt", "a car", "a ship", "The prompt differs: “a car” for A, “a ship” for B."),
    ],
)
def test_a_difference_is_a_sentence(name, first, second, said):
    assert sentence_of(name, first, second, "A", "B") == said
