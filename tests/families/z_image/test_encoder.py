"""What Z-Image's language model reads of a prompt, and what is told of the rest."""

from types import SimpleNamespace

import pytest

from medialab.families.texts import Reading
from medialab.families.z_image.encoder import ZImageEncoder
from tests.tiny.z_image import make_pipeline

BRACKETS, SKIP = "brackets have no effect", "clip_skip has no effect"


@pytest.fixture(scope="module")
def model():
    return SimpleNamespace(components=make_pipeline().components, device="cpu")


@pytest.mark.parametrize(
    ("text", "reading", "notes"),
    [
        ("a red ball", Reading(), []),
        ("a (red:1.3) ball", Reading(), [BRACKETS]),
        ("a (red:1.3) ball", Reading(emphasis="ignore"), []),
        ("a (red:1.3) ball", Reading(emphasis="none"), []),
        ("a red ball", Reading(clip_skip=2), [SKIP]),
        ("a (red:1.3) ball", Reading(clip_skip=2), [SKIP, BRACKETS]),
    ],
)
def test_what_has_no_effect_is_noted_and_nothing_else(model, text, reading, notes):
    told = ZImageEncoder(model, reading).encode(text).notes
    assert [note.partition(":")[0] for note in told] == notes


def test_a_prompts_tokens_are_counted_without_the_marks_of_its_message(model):
    encoder = ZImageEncoder(model, Reading())
    empty, found = encoder.encode(""), encoder.encode("a red ball")
    assert empty.tokens == 0
    lengths = [len(one.values["prompt_embeds"]) for one in (empty, found)]
    assert lengths[1] - lengths[0] == found.tokens > 0
