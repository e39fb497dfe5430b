"""Makes a batch on a Dask cluster: somewhere in the network, or on this machine."""

import logging
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from medialab.batch.cells import Outcome
from medialab.batch.cluster.connection import connect, is_open_to_others, local_cluster
from medialab.batch.cluster.session import Session
from medialab.batch.cluster.workforce import Wanted
from medialab.batch.executors import BatchExecutor, Work
from medialab.errors import ConfigError
from medialab.process.closing import Closing

_LOG = logging.getLogger("medialab")


class DaskExecutor(BatchExecutor, Closing):
    """Makes the pictures of a batch on the workers of a Dask cluster.

    Each worker keeps a warm workbench. Its pictures have the bytes that this process would have
    made; they are saved, and written in the journal, by this process alone.

    >>> batch.run(executor=DaskExecutor("tcp://192.168.0.5:8786"))

    Args:
        cluster: The address of a scheduler, or a cluster of Dask's own kinds, such as
            `SLURMCluster`.
        workers: In place of `cluster`: how many workers to start on this machine. They end with
            `close`.
        device: The torch device that the workers compute on; by default the workbench's.
        models: The models folders on the workers; by default the workbench's where a worker sees
            them too, else those that a worker has by itself.
        patience: Seconds to wait for a worker when there is none.
        say: Called with a sentence about each worker that comes or goes; by default they are
            logged.
        security: A `distributed.Security`, for TLS; by default that of Dask's configuration.

    Raises:
        ConfigError: neither or both of `cluster` and `workers` are given.
    """

    def __init__(
        self,
        cluster: Any = None,
        *,
        workers: int | None = None,
        device: str | None = None,
        models: Sequence[Path | str] | None = None,
        patience: float = 60,
        say: Callable[[str], object] = _LOG.info,
        security: Any = None,
    ) -> None:
        if (cluster is None) == (workers is None):
            message = "give the address of a cluster, or workers=2 to start some here"
            raise ConfigError(message)
        self._cluster, self._count = cluster, workers
        self._device, self._models = device, models
        self._patience, self._say, self._security = patience, say, security
        self._own: Any = None  # the cluster that was started here
        self._session: Session | None = None

    def make(self, work: Work) -> Generator[Outcome]:
        """See `BatchExecutor`."""
        if self._count is not None and self._own is None:
            self._own = local_cluster(self._count)
        client = connect(self._own or self._cluster, self._security)
        try:
            address = client.scheduler.address
            if is_open_to_others(address):
                self._say(
                    f"{address} is not encrypted: whoever reaches it can run programs on the "
                    "workers (docs/cluster.md says how to use TLS)"
                )
            device = self._device or work.bench.device
            shutil.rmtree(work.folder / "arriving", ignore_errors=True)  # of one that was killed
            wanted = Wanted(self._patience, self._say)
            session = self._session = Session(client, self._plugin(work, device), work, wanted)
            try:
                session.open()
                yield from session.outcomes()
            finally:
                self._session = None
                session.close()
                shutil.rmtree(work.folder / "arriving", ignore_errors=True)
        finally:
            client.close()

    def _plugin(self, work: Work, device: str) -> Any:
        from medialab.batch.cluster.worker import Settings, WarmBench

        models = self._models or [folder.path for folder in work.bench.registry.folders]
        return WarmBench(Settings(tuple(str(Path(one).absolute()) for one in models), device))

    def cancel(self) -> None:
        """See `BatchExecutor`."""
        if (session := self._session) is not None:
            session.cancel()

    def close(self) -> None:
        """End the workers that were started here."""
        if self._own is not None:
            self._own.close()
            self._own = None
