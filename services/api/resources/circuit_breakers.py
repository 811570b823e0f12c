"""The circuit breakers of connectors: how each stands, and closing one by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import redis
from flask import current_app

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import nothing
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.resources.looking import NO_BODY
from services.api.schemas.circuit_breakers import Breaker, BreakerPage, BreakersQuery
from shared.breakers import Rules, Standing, reset, standings
from shared.dispatch import waiting
from shared.pipelines.validation import stored_connector
from shared.store import resources

blueprint = Blueprint("circuit-breakers", __name__, url_prefix="/api/v1", description="Circuit breakers of connectors")


@blueprint.get("/circuit-breakers")
@blueprint.arguments(BreakersQuery, location="query")
@blueprint.response(200, BreakerPage)
@ndjson.lines(Breaker)
def list_breakers(query: dict[str, Any]) -> dict[str, Any]:
    """One for each connector, by namespace and name. While Redis is away, what it would know is null, and nothing is held back."""
    limit = query["limit"]
    with database().transaction() as tx:
        rows = resources.listed(tx, "Connector", caller().visible, cursors.named(query), limit + 1)
    shown = rows[:limit]
    try:
        known: list[Standing | None] = [*standings(_redis(), [_reference(row) for row in shown])]
    except redis.RedisError:
        known = [None] * len(shown)
    items = [_breaker(row, standing) for row, standing in zip(shown, known, strict=True)]
    return {"items": items, "nextCursor": cursors.following(rows, limit, "namespace", "name")}


@blueprint.get("/circuit-breakers/<namespace>/<name>")
@blueprint.response(200, Breaker)
def read_breaker(namespace: str, name: str) -> dict[str, Any]:
    """How the breaker of one connector stands."""
    caller().may("viewer", namespace)
    row = _there(namespace, name)
    try:
        return _breaker(row, standings(_redis(), [_reference(row)])[0])
    except redis.RedisError:
        return _breaker(row, None)


@blueprint.post("/circuit-breakers/<namespace>/<name>/reset")
@blueprint.doc(**NO_BODY)
@blueprint.response(200, Breaker)
def reset_breaker(namespace: str, name: str) -> dict[str, Any]:
    """Closes it and forgets its failures; whatever waited for it goes on at once. Closing one that is closed does nothing."""
    who = caller()
    who.may("operator", namespace)
    nothing()
    row = _there(namespace, name)
    reference = _reference(row)
    try:
        change = reset(_redis(), reference)
        standing = standings(_redis(), [reference])[0]
    except redis.RedisError as error:
        raise Refused(503, f"Redis is away, which keeps the breakers ({error}); while it is, none holds anything back") from error
    if change is not None:
        waiting.released(database(), change, f"the circuit breaker of connector {reference} was reset by {who.name}")
    return _breaker(row, standing)


def rules_of(row: dict[str, Any]) -> Rules:
    """Of a connector as `resources` gives it. A draft with errors runs nowhere, and has the rules that all have."""
    prefer: Rules = current_app.extensions["penstock.settings"].breaker
    return prefer.of(stored_connector(row["document"]).circuit_breaker) if row["valid"] else prefer


def _redis() -> redis.Redis:
    found: redis.Redis = current_app.extensions["penstock.breakers"]
    return found


def _there(namespace: str, name: str) -> dict[str, Any]:
    with database().transaction() as tx:
        row = resources.current(tx, "Connector", namespace, name)
    if row is None:
        raise Refused(404, f"there is no connector {namespace}/{name}; apply a document of kind Connector with that name")
    return row


def _reference(row: dict[str, Any]) -> str:
    return f"{row['namespace']}/{row['name']}"


def _breaker(row: dict[str, Any], standing: Standing | None) -> dict[str, Any]:
    rules = rules_of(row)
    opened = standing.opened_at if standing is not None else None
    return {
        "namespace": row["namespace"],
        "name": row["name"],
        "connector": _reference(row),
        "state": standing.state if standing is not None else None,
        "failures": standing.failures if standing is not None else None,
        "failuresToOpen": rules.failures,
        "coolDownSeconds": rules.cool_down.total_seconds(),
        "openedAt": _stamp(opened),
        "nextTrialAt": _stamp(_following(standing, opened, rules.cool_down)),
        "changedAt": _stamp(standing.changed_at if standing is not None else None),
        "error": standing.error if standing is not None else None,
    }


def _following(standing: Standing | None, opened: datetime | None, cool_down: timedelta) -> datetime | None:
    return opened + cool_down if standing is not None and standing.state == "open" and opened is not None else None


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at is not None else None
