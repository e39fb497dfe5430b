"""Texts of every kind for tests that try any text."""

from hypothesis import strategies as st

SIGNS = st.sampled_from(
    [*"()[]{}<>:|\\_#,. a1", "AND", "BREAK", "__a__", "$$", "<lora:a:1>", "<lyco:", "${", "\n"]
)


TEXTS = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=60).map("".join))
