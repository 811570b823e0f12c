"""Liveness, and readiness with each dependency's state."""

from __future__ import annotations

from typing import Any

import redis
from flask import current_app

from services.api.auth import database
from services.api.blueprint import Blueprint
from services.api.schemas.catalogue import Live, Ready
from shared.errors import PenstockError

blueprint = Blueprint("health", __name__, description="Is it alive, is it ready")


@blueprint.get("/health/live")
@blueprint.doc(security=[])
@blueprint.response(200, Live)
def live() -> dict[str, str]:
    """It answers."""
    return {"status": "live"}


@blueprint.get("/health/ready")
@blueprint.doc(security=[])
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
