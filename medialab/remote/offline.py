"""Whether the network may be used at all: `MEDIALAB_OFFLINE=1` forbids it."""

import os

from medialab.errors import OfflineError

OFFLINE = "MEDIALAB_OFFLINE"
_NO = frozenset({"", "0", "false", "no", "off"})


def check_online(title: str, *further: str) -> None:
    """Check that the network may be used; to be called before every request.

    Args:
        title: Who would be asked, as the message names it.
        further: Other environment variables that forbid it for this source (HF_HUB_OFFLINE).

    Raises:
        OfflineError: a variable is set; nothing was sent.
    """
    for variable in (OFFLINE, *further):
        if os.environ.get(variable, "").strip().casefold() not in _NO:
            message = (
                f"{title} was not asked: {variable}={os.environ[variable].strip()} forbids the "
                "network. Unset it and restart the kernel to search and download"
            )
            raise OfflineError(message)
