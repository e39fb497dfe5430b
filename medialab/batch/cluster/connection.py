"""The connection to a Dask cluster: one that runs somewhere, or one on this machine."""

import logging
from typing import Any

from medialab.errors import BatchError, ConfigError, first_line, shown
from medialab.process.libraries import require

_SECONDS = 5  # until a scheduler that does not answer counts as not there
GPU = "GPU"  # the resource of a worker that makes pictures


def connect(cluster: Any, security: Any = None) -> Any:
    """Return a Dask client of a cluster.

    Args:
        cluster: The address of a scheduler, or a cluster of Dask's own kinds.
        security: A `distributed.Security`, for TLS; by default that of Dask's configuration.

    Raises:
        MissingLibraryError: Dask is not installed.
        BatchError: no scheduler answers there within 5 s.
    """
    distributed = require("distributed")
    # In two steps, so that one that fails can be closed: its thread would outlive it.
    client = distributed.Client.__new__(distributed.Client)
    try:
        client.__init__(cluster, timeout=_SECONDS, security=security, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        client.close()
        message = (
            f"no Dask scheduler answers at {cluster or shown(cluster)} ({first_line(error)}). Look "
            "whether it runs (start one with: dask scheduler), whether this is the address that it "
            "prints, such as tcp://192.168.0.5:8786, and whether a firewall or TLS stands between"
        )
        raise BatchError(message) from error
    return client


def local_cluster(workers: int) -> Any:
    """Start a Dask cluster on this machine, reachable from this machine only.

    Args:
        workers: How many processes, of one thread each.

    Raises:
        ConfigError: it is less than one.
        MissingLibraryError: Dask is not installed.
    """
    if workers < 1:
        message = f"workers={workers}: it must be 1 or more"
        raise ConfigError(message).about("workers")
    distributed = require("distributed")
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        resources={GPU: 1},
        host="127.0.0.1",
        # Dask would pause workers whose memory is full of weights; the workbench has its own limit.
        memory_limit=0,
        dashboard_address=None,
        silence_logs=logging.ERROR,  # that a worker died is told by whoever makes a batch
    )


def is_open_to_others(address: str) -> bool:
    """Return whether an address is neither encrypted nor of this machine alone."""
    kind, _, place = address.partition("://")
    own = place.startswith(("127.", "localhost", "[::1]"))
    return kind in {"tcp", "ws"} and not own
