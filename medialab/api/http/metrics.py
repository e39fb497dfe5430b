"""The server's numbers in the text format of Prometheus."""

from collections import Counter
from collections.abc import Iterator

import psutil
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from medialab.api.service import Service

METRICS_TYPE = CONTENT_TYPE_LATEST


def metrics_text(service: Service) -> str:
    """Return a service's numbers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_OfService(service))
    return generate_latest(registry).decode()


class _OfService(Collector):
    """Collects a service's numbers when they are asked for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        executor = self._service.executor
        numbers = executor.statistics
        jobs = GaugeMetricFamily(
            "medialab_jobs", "Jobs that wait or run.", labels=("kind", "state")
        )
        states = (
            (kind, state) for kind in ("pictures", "batch") for state in ("queued", "running")
        )
        now: Counter[tuple[str, str]] = Counter(
            (job.kind, job.state) for job in self._service.jobs()
        )
        for kind, state in states:
            jobs.add_metric((kind, state), now[kind, state])
        yield jobs
        ended = CounterMetricFamily(
            "medialab_jobs_ended", "Jobs that have ended.", labels=("kind", "state")
        )
        for (kind, state), count in sorted(numbers.ended.items()):
            ended.add_metric((kind, state), count)
        yield ended
        stages = SummaryMetricFamily(
            "medialab_stage_seconds", "How long each stage ran.", labels=("stage",)
        )
        for stage, count in sorted(numbers.stages.items()):
            stages.add_metric((stage,), count, numbers.seconds[stage])
        yield stages
        memory = GaugeMetricFamily(
            "medialab_memory_bytes", "Memory of a process.", labels=("process",)
        )
        memory.add_metric(("server",), psutil.Process().memory_info().rss)
        memory.add_metric(("worker",), executor.nbytes)
        yield memory
        yield GaugeMetricFamily(
            "medialab_worker_ready", "Whether pictures can be made.", value=executor.is_ready
        )
        yield CounterMetricFamily(
            "medialab_worker_deaths", "How often such a process died.", value=numbers.deaths
        )
