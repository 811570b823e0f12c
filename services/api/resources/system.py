"""The installation as it is now, for people (`/system`) and for Prometheus (`/metrics`)."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import redis
from flask import Response, current_app

from services.api import metrics
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.schemas.system import System
from services.api.settings import Settings
from shared import plugins
from shared.breakers import Standing, standings
from shared.messages import MAINTENANCE
from shared.store import installation, metric_totals, resources, totals, workers
from shared.store.database import Tx

# Whose breakers are told of: more series than that would be a burden to whoever collects them.
MOST_CONNECTORS = 1000
SEEN_WITHIN = timedelta(seconds=15)
LIVE_WITHIN = timedelta(seconds=30)
_VERSION = version("penstock")
_OWN = ("stages", "quality", MAINTENANCE)

blueprint = Blueprint("system", __name__, description="The installation as it is now")


@blueprint.get("/api/v1/system")
@blueprint.response(200, System)
def system() -> dict[str, Any]:
    """Processes, queues, the leader, versions, and breakers that are not closed."""
    with database().transaction() as tx:
        alive, busy, leader = workers.seen_within(tx, SEEN_WITHIN), installation.busy(tx), installation.leader(tx)
        runs, stages, stored = installation.open_runs(tx), installation.open_stages(tx), installation.versions(tx)
        connectors = _connectors(tx, caller().visible)
    known = _breakers(connectors)
    queues = _queues(alive)
    return {
        "services": [_process(row, busy, leader) for row in alive],
        "leader": leader,
        "queues": [{"name": name, "depth": depth} for name, depth in queues.items()] if queues is not None else None,
        "runs": {**{key: runs[key] for key in ("queued", "dependent", "running")}, "oldestSeconds": runs["oldest_s"]},
        "stages": {status.lower(): count for status, count in stages.items()},
        "breakersOpen": [
            {"connector": one.connector, "state": one.state, "failures": one.failures, "error": one.error}
            for one in known
            if one.state != "closed"
        ]
        if known is not None
        else None,
        "versions": {"penstock": _VERSION, "python": platform.python_version(), "redis": _redis_version(), **stored},
        "plugins": [asdict(plugin) for plugin in plugins.seen()],
    }


@blueprint.get("/metrics")
@blueprint.doc(responses={"200": {"description": "Figures", "content": {"text/plain": {"schema": {"type": "string"}}}}})
def measured() -> Response:
    """In Prometheus' text format. PENSTOCK_METRICS says who may read it."""
    settings: Settings = current_app.extensions["penstock.settings"]
    if settings.metrics == "off":
        raise Refused(404, "metrics are off here (PENSTOCK_METRICS=off)")
    with database().transaction() as tx:
        alive, connectors = workers.seen_within(tx, LIVE_WITHIN), _connectors(tx, None)
        reading = metrics.Reading(
            totals=totals.counted(tx, settings.metrics_pipelines),
            scores=totals.scores(tx, settings.metrics_pipelines),
            measured=metric_totals.counted(tx, settings.metrics_pipelines),
            runs=installation.open_runs(tx),
            stages=installation.open_stages(tx),
            processes=alive,
            busy=installation.busy(tx),
            queues=_queues(alive),
            breakers=_breakers(connectors),
            version=_VERSION,
        )
    return Response(reading.text(), content_type=metrics.CONTENT_TYPE)


def _process(row: dict[str, Any], busy: dict[str, int], leader: str | None) -> dict[str, Any]:
    return {
        **{key: row[key] for key in ("name", "service", "labels", "slots", "version", "dropped")},
        "busy": busy.get(row["name"], 0),
        "memoryBytes": row["memory_bytes"],
        "leads": row["service"] == "scheduler" and row["name"] == leader,
        "startedAt": stamp(row["started_at"]),
        "seenAt": stamp(row["seen_at"]),
    }


def _connectors(tx: Tx, namespaces: list[str] | None) -> list[str]:
    return [f"{row['namespace']}/{row['name']}" for row in resources.listed(tx, "Connector", namespaces, ("", ""), MOST_CONNECTORS)]


def _redis() -> redis.Redis:
    found: redis.Redis = current_app.extensions["penstock.breakers"]
    return found


def _breakers(connectors: Sequence[str]) -> list[Standing] | None:
    try:
        return standings(_redis(), connectors)
    except redis.RedisError:
        return None


def _queues(alive: Sequence[dict[str, Any]]) -> dict[str, int] | None:
    """Those that every installation has, and one for each label that a worker carries; None while Redis is away."""
    names = [*_OWN, *sorted({f"stages.{label}" for one in alive if one["service"] == "worker" for label in one["labels"]})]
    try:
        with _redis().pipeline(transaction=False) as asked:
            for name in names:
                asked.llen(name)
            return dict(zip(names, asked.execute(), strict=True))
    except redis.RedisError:
        return None


def _redis_version() -> str | None:
    try:
        return str(_redis().info("server")["redis_version"])
    except redis.RedisError:
        return None
