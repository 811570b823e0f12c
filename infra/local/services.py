"""Which processes make up the embedded default, and the command and environment of each.

Read by the supervisor's configuration and by the launcher.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.home import Home
from shared.process import settings

PROJECT = Path(__file__).resolve().parents[2]

COMMANDS: dict[str, list[str]] = {
    "api": ["-m", "gunicorn", "-c", "python:services.api.gunicorn_conf", "services.api.wsgi:app"],
    "scheduler": ["-m", "services.scheduler"],
    "worker": ["-m", "services.worker"],
    "quality": ["-m", "services.quality"],
}
# The variable by which a numbered service learns its own name; it must be the same after a restart, so that it finds its own litter.
NAME_SETTINGS = {"scheduler": "PENSTOCK_SCHEDULER_NAME", "worker": "PENSTOCK_WORKER_NAME", "quality": "PENSTOCK_WORKER_NAME"}


def names(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The services to run, numbered where there can be several."""
    schedulers = settings.integer("PENSTOCK_SCHEDULERS", 1, at_least=1, environment=environment)
    workers = settings.integer("PENSTOCK_WORKERS", 1, at_least=1, environment=environment)
    return (
        "api",
        *(f"scheduler-{number}" for number in range(1, schedulers + 1)),
        "quality-1",
        *(f"worker-{number}" for number in range(1, workers + 1)),
    )


def command(name: str) -> list[str]:
    return [sys.executable, *COMMANDS[_kind(name)]]


def own_environment(name: str) -> dict[str, str]:
    setting = NAME_SETTINGS.get(_kind(name))
    return {setting: name} if setting else {}


def _kind(name: str) -> str:
    return re.sub(r"-\d+$", "", name)


def environment(home: Home, *, database_url: str, redis_url: str, api_port: int, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What every service is given: all that the caller set, our stores, and defaults where the caller said nothing."""
    defaults = {
        "PENSTOCK_STAGING_URL": home.staging.as_uri(),
        "PENSTOCK_SCRATCH": str(home.scratch),
        # A stopping stack gives unfinished stages back after a moment; the next start takes them up.
        "PENSTOCK_DRAIN_SECONDS": "3",
        "PYTHONUNBUFFERED": "1",
    }
    fixed = {
        "PENSTOCK_HOME": str(home.root),
        "PENSTOCK_DATABASE_URL": database_url,
        "PENSTOCK_REDIS_URL": redis_url,
        "PENSTOCK_API_HOST": caller.get("PENSTOCK_API_HOST") or "127.0.0.1",
        "PENSTOCK_API_PORT": str(api_port),
    }
    return {**defaults, **caller, **fixed}
