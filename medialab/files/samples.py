"""A key of files' content from samples of it: known in milliseconds, where a hash takes minutes.

It serves for what a person notes about a file. Other files have other keys, unless they were made
to differ only between the samples; whatever decides which model is used needs a whole hash
(`medialab.files.hashes`).
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from medialab.files.regular import open_regular

SAMPLES = 16  # of each file, evenly apart, the first at its beginning and the last at its end
SAMPLE_BYTES = 2**16


def sampled_key(files: Sequence[Path]) -> str:
    """Return a key of some files' content, 64 hex digits.

    Args:
        files: The files, in an order that does not depend on where they lie.

    Cost: reading 1 MiB of each file.

    Raises:
        OSError: one cannot be read.
    """
    key = hashlib.sha256()
    for path in files:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            key.update(size.to_bytes(8, "little"))
            last = max(size - SAMPLE_BYTES, 0)
            for begin in sorted({last * number // (SAMPLES - 1) for number in range(SAMPLES)}):
                file.seek(begin)
                key.update(file.read(SAMPLE_BYTES) or b"")
    return key.hexdigest()
