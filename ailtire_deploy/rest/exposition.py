"""Numbers in the text that Prometheus reads, through its own library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ailtire_deploy.metrics import Family

if TYPE_CHECKING:
    from prometheus_client import Metric

KIND = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "ailtire_"


def text(stack: str, found: Iterable[Family]) -> bytes:
    """The families of a stack, and what this process itself uses of the machine."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Families(stack, tuple(found)))
    return generate_latest(registry)


class _Families:
    """What the library calls a collector."""

    def __init__(self, stack: str, found: tuple[Family, ...]) -> None:
        self._stack, self._found = stack, found

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}
        for family in self._found:
            made = kinds[family.kind](f"{PREFIX}{family.name}", family.help, labels=("stack", *family.labels))
            for labels, value in family.samples:
                made.add_metric((self._stack, *labels), value)
            yield made
