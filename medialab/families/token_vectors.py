"""The layout of a textual inversion's vectors in its file, by the names of its tensors.

Each trainer has its own names: A1111 one tensor for all vectors, kohya and diffusers' pivotal
trainers one for each text encoder, diffusers the token itself.

Source: AUTOMATIC1111 modules/textual_inversion/textual_inversion.py; diffusers
loaders/textual_inversion.py; its examples/advanced_diffusion_training for the pivotal ones.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Names of a tensor with all vectors, in A1111's files and in conversions of its pickles.
ONE_ENCODER = (
    *("emb_params", "string_to_param.*", "string_to_param/*", "string_to_param", "*"),
    *("clip_l", "text_encoders_0"),
)
# Names of the vectors for the first encoder and for the second.
TWO_ENCODERS = (("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1"))
# Names of vectors for a third encoder (SD3, Flux.1), which no family that runs here has.
THIRD_ENCODER = ("t5", "t5xxl", "text_encoders_2")
MOST_VECTORS = 128  # more than the tokens that a CLIP text encoder reads at once
NARROWEST = 32  # the least width of a vector
_NUMBERED = re.compile(r"(.+)_(\d{1,3})")


class Layout(NamedTuple):
    """The tensors with a textual inversion's vectors.

    Attributes:
        names: For each text encoder, the tensors' names in the order of their vectors.
        tokens: The names in prompts, besides the file's name.
    """

    names: tuple[tuple[str, ...], ...]
    tokens: tuple[str, ...] = ()

    def widths(self, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        """Return the vectors' width for each encoder; 0 if they differ."""
        found = [{shapes[name][-1] for name in names} for names in self.names]
        return tuple(one.pop() if len(one) == 1 else 0 for one in found)


def layout_of(shapes: Mapping[str, tuple[int, ...]]) -> Layout | None:
    """Return the layout of a file with these tensors; None if it is no textual inversion."""
    for names in TWO_ENCODERS:
        if set(names) <= shapes.keys() and not shapes.keys() & set(THIRD_ENCODER):
            return _checked(Layout(tuple((name,) for name in names)), shapes)
    if shapes.keys() & {"clip_g", "text_encoders_1", *THIRD_ENCODER}:
        return None
    for name in ONE_ENCODER:
        if name in shapes:
            return _checked(Layout(((name,),)), shapes)
    return _by_token(shapes)


def _by_token(shapes: Mapping[str, tuple[int, ...]]) -> Layout | None:
    """Return diffusers' layout: the name is the token, further vectors are numbered from 1."""
    if not 0 < len(shapes) <= MOST_VECTORS:
        return None
    numbered = sorted(shapes, key=_number_of)
    token = numbered[0]
    if any(_base_of(name, token) != token for name in numbered):
        return None
    looks_like_one = token.startswith("<") and token.endswith(">")
    if not looks_like_one and ("." in token or len(shapes[token]) != 2):
        return None
    return _checked(Layout((tuple(numbered),), (token,)), shapes)


def _number_of(name: str) -> int:
    match = _NUMBERED.fullmatch(name)
    return int(match[2]) if match else 0


def _base_of(name: str, token: str) -> str:
    match = _NUMBERED.fullmatch(name)
    return match[1] if match and name != token else name


def _checked(layout: Layout, shapes: Mapping[str, tuple[int, ...]]) -> Layout | None:
    """Return the layout if its tensors hold vectors of a text encoder's width, else None."""
    for names in layout.names:
        if not all(_are_vectors(shapes[name]) for name in names):
            return None
        if sum(_count(shapes[name]) for name in names) > MOST_VECTORS:
            return None
    return layout


def _are_vectors(shape: Sequence[int]) -> bool:
    """Return whether a shape is (width,), (n, width) or (1, n, width)."""
    rows = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    return 1 <= len(rows) <= 2 and rows[0] > 0 and rows[-1] >= NARROWEST


def _count(shape: Sequence[int]) -> int:
    return shape[-2] if len(shape) > 1 else 1
