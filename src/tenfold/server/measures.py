"""What the server counts: requests, how long they took, how busy the readers are."""

from __future__ import annotations

from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from tenfold.server.pool import Load

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def _look(load: Load, name: str) -> float:
    return float(getattr(load, name))


class Measures:
    """Counters in Prometheus' format, one set an application.

    Parameters
    ----------
    load : Load
        How busy the readers are, looked at when somebody asks.
    """

    def __init__(self, load: Load) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "tenfold_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "tenfold_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        for name in ("ready", "running", "waiting"):
            gauge = Gauge(f"tenfold_reads_{name}", f"Readers or reads {name}.", registry=None)
            gauge.set_function(partial(_look, load, name))
            self._registry.register(gauge)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)
