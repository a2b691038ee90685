"""Counters for OpenTelemetry, with the real SDK."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from connect_sqlite import AsyncSQLiteStore
from connect_sqlite.telemetry import session_counters

from .conftest import SECRET
from .site import BASIC, Site


def counted(reader):
    """What was counted, by name, and the attributes that came with it."""
    metrics = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    points = {metric.name: metric.data.data_points for metric in metrics}
    return (
        {name: sum(point.value for point in each) for name, each in points.items()},
        [dict(point.attributes) for each in points.values() for point in each],
    )


def test_sessions_are_counted_by_what_happened_to_them(runner, clock):
    """Each kind of event counts up by one, and no attribute tells whose session it was."""
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("test")
    store = AsyncSQLiteStore(clock=clock)
    options = {"idle_timeout": 60, "clock": clock, **session_counters(meter)}
    site = Site(runner, BASIC, store=store, secret=SECRET, **options)
    one, other = site.browser(), site.browser()
    one.get("/count")
    one.get("/in")
    other.get("/count")
    one.get("/out")
    totals, attributes = counted(reader)
    assert {"sessions.created": 2, "sessions.rotated": 1, "sessions.destroyed": 1} == totals
    assert [{}, {}, {}] == attributes
    runner.run(store.close())
