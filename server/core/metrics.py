"""Metrics for Prometheus, on a private port: numbers of routes, kinds and states, never of a person or a thing.

Labels come from closed lists (a route's rule, an operation's type, a topic): an id or a name as a label would be
personal data, and a series for each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)

REGISTRY = CollectorRegistry()
_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_AGES = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 24 * 3600.0)

REQUESTS = Counter("doorstep_requests", "Requests answered", ["method", "route", "status"], registry=REGISTRY)
LATENCY = Histogram(
    "doorstep_request_seconds", "Time to answer a request", ["route"], buckets=_LATENCY, registry=REGISTRY
)
OPERATIONS = Counter("doorstep_operations", "Operations answered", ["type", "status"], registry=REGISTRY)
AGES = Histogram(
    "doorstep_operation_age_seconds",
    "From an operation on a handheld to its arrival here",
    buckets=_AGES,
    registry=REGISTRY,
)
OUTBOX = Counter("doorstep_outbox", "Outbox rows worked on", ["topic", "result"], registry=REGISTRY)
REBUILDS = Counter(
    "doorstep_mirror_rebuilds", "Scopes a handheld had to pull anew", ["scope", "cause"], registry=REGISTRY
)
PUSHES = Counter("doorstep_pushes", "Push messages sent", ["result"], registry=REGISTRY)
TEXTS = Counter("doorstep_texts", "Text messages sent", ["result"], registry=REGISTRY)
EXCHANGES_REFUSED = Counter(
    "doorstep_exchanges_refused", "Exchanges told to come again later", registry=REGISTRY
)
SOCKETS = Gauge("doorstep_sockets", "Live desks with a socket", registry=REGISTRY)
SOCKETS_REFUSED = Counter("doorstep_sockets_refused", "Sockets refused", ["reason"], registry=REGISTRY)


@dataclass(frozen=True)
class Row:
    """One number that is counted when somebody looks."""

    name: str
    meaning: str
    labels: dict[str, str]
    value: float


class Asked(Collector):
    """Gauges that are counted when somebody looks.

    What cannot be counted (the database is away) is left out; the rest is still shown.
    """

    def __init__(self, count: Callable[[], Iterable[Row]]) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family per name."""
        families: dict[str, GaugeMetricFamily] = {}
        try:
            rows = list(self._count())
        except Exception as error:  # noqa: BLE001 - a scrape must not fail with what it watches
            log.warning("metrics_trouble", error=type(error).__name__)
            return
        for row in rows:
            family = families.setdefault(
                row.name, GaugeMetricFamily(row.name, row.meaning, labels=list(row.labels))
            )
            family.add_metric(list(row.labels.values()), row.value)
        yield from families.values()


def init_metrics(app: Flask) -> None:
    """Count every request of an app by the rule of its route; what no rule knows is one route."""
    app.before_request(_begin)
    app.after_request(_end)


def serve(host: str, port: int, count: Callable[[], Iterable[Row]]) -> WSGIServer:
    """Serve the numbers of this process, and those `count` gives, on an address of their own.

    Raises:
        OSError: the address cannot be used.
    """
    registry = CollectorRegistry()
    registry.register(_Inner())
    registry.register(Asked(count))
    server, _thread = start_http_server(port, host, registry)
    return server


class _Inner(Collector):
    """The numbers of this process."""

    def collect(self) -> Iterator[object]:  # type: ignore[override]
        """All of them."""
        return iter(REGISTRY.collect())


def count_operations(answered: Iterable[tuple[str, str]], ages: Iterable[int]) -> None:
    """Count (type, status) of answered operations, and how old those of handhelds arrived (ms)."""
    for op_type, status in answered:
        OPERATIONS.labels(op_type, status).inc()
    for age in ages:
        AGES.observe(max(0, age) / 1000)


def _begin() -> None:
    g.metrics_began = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "-"
    method = request.method if request.method in _METHODS else "-"
    REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
    began = g.get("metrics_began")
    if began is not None:
        LATENCY.labels(route).observe(time.perf_counter() - began)
    return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
