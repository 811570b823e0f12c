"""Liveness, readiness with each dependency's state, and a few figures for Prometheus."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import redis
from flask import Response, current_app
from flask_smorest import Blueprint

from services.api.auth import database
from services.api.schemas.catalogue import Live, Ready
from shared.breakers import standings
from shared.breakers.shown import STATES
from shared.errors import PenstockError
from shared.store import resources, workers

# Whose breakers the metrics tell of: more series than that would be a burden to whoever collects them.
MOST_CONNECTORS = 1000

LIVE_WITHIN = timedelta(seconds=30)
blueprint = Blueprint("health", __name__, description="Is it alive, is it ready")


@blueprint.get("/health/live")
@blueprint.response(200, Live)
def live() -> dict[str, str]:
    return {"status": "live"}


@blueprint.get("/health/ready")
@blueprint.response(200, Ready)
@blueprint.alt_response(503, schema=Ready)
def ready() -> tuple[dict[str, Any], int]:
    """Ready without Redis: runs are accepted and wait in PostgreSQL."""
    states = {"postgresql": "up", "redis": "up"}
    try:
        with database().transaction() as tx:
            tx.execute("SELECT 1 FROM runs LIMIT 1")
    except PenstockError as error:
        states["postgresql"] = error.message
    try:
        settings = current_app.extensions["penstock.settings"]
        redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError as error:
        states["redis"] = f"away ({error}); runs wait until it is back"
    ok = states["postgresql"] == "up"
    return {"status": "ready" if ok else "not ready", "dependencies": states}, 200 if ok else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    with database().transaction() as tx:
        runs = list(tx.execute("SELECT status, count(*) AS n FROM runs GROUP BY status"))
        stages = list(
            tx.execute("SELECT status, count(*) AS n FROM stages WHERE status IN ('RELEASED', 'RUNNING', 'RETRYING') GROUP BY status")
        )
        alive = workers.seen_within(tx, LIVE_WITHIN)
    lines = ["# TYPE penstock_runs gauge", *(f'penstock_runs{{state="{row["status"]}"}} {row["n"]}' for row in runs)]
    lines += ["# TYPE penstock_stages_open gauge", *(f'penstock_stages_open{{state="{row["status"]}"}} {row["n"]}' for row in stages)]
    lines += ["# HELP penstock_dropped_total What a process could not tell of runs, since its buffer was full or the store away."]
    lines += ["# TYPE penstock_dropped_total counter"]
    for row in alive:
        process = json.dumps(row["name"], ensure_ascii=False)
        lines += [f'penstock_dropped_total{{process={process},kind="{kind}"}} {count}' for kind, count in sorted(row["dropped"].items())]
    lines += _breakers()
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


def _breakers() -> list[str]:
    """Of every connector's circuit breaker, the state that it is in, and how often it became each. None of them while Redis is away."""
    with database().transaction() as tx:
        names = [f"{row['namespace']}/{row['name']}" for row in resources.listed(tx, "Connector", None, ("", ""), MOST_CONNECTORS)]
    try:
        found = standings(current_app.extensions["penstock.breakers"], names)
    except redis.RedisError:
        return ["# TYPE penstock_circuit_breakers_known gauge", "penstock_circuit_breakers_known 0"]
    lines = [
        "# TYPE penstock_circuit_breakers_known gauge",
        "penstock_circuit_breakers_known 1",
        "# TYPE penstock_circuit_breaker_state gauge",
    ]
    for one in found:
        lines += [
            f'penstock_circuit_breaker_state{{connector="{one.connector}",state="{state}"}} {int(one.state == state)}' for state in STATES
        ]
    lines.append("# TYPE penstock_circuit_breaker_failures gauge")
    lines += [f'penstock_circuit_breaker_failures{{connector="{one.connector}"}} {one.failures}' for one in found]
    lines.append("# TYPE penstock_circuit_breaker_changes_total counter")
    for one in found:
        lines += [
            f'penstock_circuit_breaker_changes_total{{connector="{one.connector}",to="{state}"}} {one.changes.get(state, 0)}'
            for state in STATES
        ]
    return lines
