"""Batches on a Dask cluster: several machines, or several processes of this one."""

from medialab.batch.cluster.executor import DaskExecutor

__all__ = ["DaskExecutor"]
