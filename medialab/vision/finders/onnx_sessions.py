"""What bounds a run of onnxruntime: its memory, and the errors it fails with.

A file that was checked (medialab/files/onnx.py) may still ask for sizes that no machine has, since
sizes are computed. The tensors of all sessions come from one arena of this process, which gives no
more than its share.
"""

from contextlib import suppress
from functools import cache
from typing import Any

from medialab.process.libraries import require

# Of what is free when the first file is loaded; between the least and the most a detector needs.
_SHARE, _LEAST, _MOST = 0.5, 1 << 30, 8 << 30
_AS_MUCH_AS_NEEDED = 1  # arena_extend_strategy: kSameAsRequested


def bound_memory(options: Any) -> None:
    """Have the tensors of a session with these options come from the bounded arena."""
    _make_arena()
    options.add_session_config_entry("session.use_env_allocators", "1")


@cache
def failures() -> tuple[type[Exception], ...]:
    """Return the errors that onnxruntime raises: of its own, which stand for themselves."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found = [
        one for one in vars(state).values() if isinstance(one, type) and issubclass(one, Exception)
    ]
    return (*found, RuntimeError, ValueError)


@cache
def _make_arena() -> None:
    """Make the arena; once for the process, since onnxruntime knows one for each device."""
    import psutil

    library = require("onnxruntime")
    most = min(_MOST, max(_LEAST, int(_SHARE * psutil.virtual_memory().available)))
    memory = library.OrtMemoryInfo(
        "Cpu", library.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, library.OrtMemType.DEFAULT
    )
    settings = {"max_mem": most, "arena_extend_strategy": _AS_MUCH_AS_NEEDED}
    # Another library of this process may have made one before: then that one bounds.
    with suppress(*failures()):
        library.create_and_register_allocator(memory, library.OrtArenaCfg(settings))
