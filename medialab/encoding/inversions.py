"""Textual inversions: vectors that a prompt puts in by their name.

They take the place of token embeddings while one chunk is encoded; neither the vocabulary nor the
weights change. Source: Gal et al., "An Image is Worth One Word"; the file keys are those that
A1111 and kohya's sd-scripts write.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from medialab.encoding.chunks import Chunk
from medialab.errors import ConfigError, ModelRefusedError

if TYPE_CHECKING:
    import torch

KEYS = {1: ("emb_params",), 2: ("clip_l", "clip_g")}  # by how many text encoders read them


def load_inversion(
    name: str, path: Path, widths: Sequence[int], room: int
) -> "list[torch.Tensor] | None":
    """Vectors (n, width), one tensor for each encoder; None where it is made for other encoders.

    Raises:
        ModelRefusedError: the file cannot be read.
        ConfigError: it has more vectors than a chunk has room.
    """
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        message = f"embedding {name!r} cannot be read ({error}); copy the file again"
        raise ModelRefusedError(message) from error
    found = [tensors.get(key) for key in KEYS[len(widths)]]
    vectors = [one.reshape(-1, one.shape[-1]) for one in found if one is not None]
    if [one.shape[-1] for one in vectors] != list(widths):
        return None
    if max(map(len, vectors)) > room:
        message = (
            f"embedding {name!r} has {max(map(len, vectors))} vectors; "
            f"this checkpoint reads {room} tokens at once"
        )
        raise ConfigError(message)
    return vectors


@contextmanager
def put_in(encoder: Any, chunk: Chunk) -> "Iterator[None]":
    """While it lasts, the vectors of this chunk's tokens stand where their ids are looked up."""
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
