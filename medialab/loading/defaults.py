"""Settings to begin with for a checkpoint, known before it is loaded."""

from dataclasses import asdict
from typing import Any

from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.loading.native_sizes import native_size


def defaults_of(info: ModelInfo) -> dict[str, Any]:
    """Return a checkpoint's settings to begin with: its family's, and the size of its training.

    Raises:
        ModelRefusedError: the size is not known.
    """
    side = native_size(info)
    return {**asdict(RUNNING[info.family].defaults), "width": side, "height": side}
