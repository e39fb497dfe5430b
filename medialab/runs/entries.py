"""Reading what the stage cache stored as safetensors, whatever its bytes are by now."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def broken_as(kind: type[ValueError], what: str) -> Iterator[None]:
    """Turn what bytes that are no entry raise within the block into an error of one kind.

    Args:
        kind: The error's type; a `ValueError` counts as a missing entry.
        what: What they should be, for its message.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (
        SafetensorError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        message = f"no {what}: {error}"
        raise kind(message) from error
