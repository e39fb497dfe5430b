"""Textual inversions: vectors that a prompt uses by their name.

They replace token embeddings while one chunk is encoded; neither the vocabulary nor the weights
change. Source: Gal et al., "An Image is Worth One Word".
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.token_vectors import layout_of
from medialab.families.unet_clip.chunks import Chunk
from medialab.files.headers import read_header
from medialab.files.tensors import read_tensors, refuse_whole_numbers

if TYPE_CHECKING:
    import torch


def load_inversion(
    name: str, path: Path, widths: Sequence[int], room: int
) -> "list[torch.Tensor] | None":
    """Load a textual inversion's vectors.

    Args:
        name: Its name in prompts.
        path: Its file.
        widths: The width of each encoder's token embeddings.
        room: The number of tokens that fit in a chunk.

    Returns:
        Vectors (n, width) in float32, one tensor for each encoder; None if it is made for other
        encoders.

    Raises:
        ModelRefusedError: the file cannot be read, or its tensors are not of floating point.
        ConfigError: it has more vectors than fit in a chunk.
    """
    import torch

    what = f"embedding {name!r}"
    try:
        shapes = read_header(path).shapes
    except ModelRefusedError as error:
        message = f"{what} cannot be read: {error}"
        raise ModelRefusedError(message) from error
    layout = layout_of(shapes)
    if layout is None or layout.widths(shapes) != tuple(widths):
        return None
    wanted = {key for keys in layout.names for key in keys}
    tensors = dict(read_tensors(path, what, wanted.__contains__))
    for key, value in tensors.items():
        refuse_whole_numbers(value, what, key)
    vectors = [
        torch.cat([tensors[key].reshape(-1, width).float() for key in keys])
        for keys, width in zip(layout.names, widths, strict=True)
    ]
    if max(map(len, vectors)) > room:
        message = (
            f"embedding {name!r} has {max(map(len, vectors))} vectors; "
            f"this checkpoint reads {room} tokens at once"
        )
        raise ConfigError(message)
    return vectors


@contextmanager
def put_in(encoder: Any, chunk: Chunk) -> "Iterator[None]":
    """Replace token embeddings by the vectors of this chunk's tokens inside the `with` block."""
    rows = [(at, token.vector) for at, token in enumerate(chunk, 1) if token.vector is not None]

    def replace(_module: Any, _ids: Any, looked_up: "torch.Tensor") -> "torch.Tensor":
        changed = looked_up.clone()
        for at, vector in rows:
            changed[:, at] = vector.to(changed)
        return changed

    if not rows:
        yield
        return
    hook = encoder.get_input_embeddings().register_forward_hook(replace)
    try:
        yield
    finally:
        hook.remove()
