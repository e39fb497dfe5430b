"""NovelAI's way to weigh words in A1111's."""

import pytest

from medialab.infotext.programs.novelai_weights import translate


@pytest.mark.parametrize(
    ("novelai", "here"),
    [
        ("a cat", "a cat"),
        ("{a, [b]}", "(a, (b:0.9524):1.05)"),
        ("{open", "(open:1.05)"),
        ("shut}", "shut"),
        ("-1.5::bad::, good", "(bad:-1.5), good"),
        (r"a (b) \(c\)", r"a \(b\) \(c\)"),
    ],
)
def test_novelais_weights_are_translated(novelai, here):
    assert translate(novelai) == here
