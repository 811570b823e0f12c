"""What somebody wants run: the body of a start or a plan, and the version it names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app

from services.api.problems import Refused
from services.api.recipes import save
from services.api.recipes.values import run_values
from services.api.schemas.runs import StartRun
from shared.dispatch import fire_times
from shared.pipelines.language import RunValues
from shared.pipelines.validation import schedule_of
from shared.store import resources
from shared.store.database import Tx

START_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": StartRun}}}}


def runnable(tx: Tx, namespace: str, name: str, version: int | None) -> dict[str, Any]:
    """The version that is named, else the current one. Raises Refused for one that is not there (404) or cannot run (409)."""
    row = resources.current(tx, "Pipeline", namespace, name)
    if row is None:
        raise Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")
    if version is not None:
        newest = row["version"]
        row = resources.at_version(tx, "Pipeline", namespace, name, version) if 0 < version <= newest else None
        if row is None:
            raise Refused(404, f"there is no pipeline {namespace}/{name} of version {version}; there is 1 to {newest}")
    errors = [problem.to_json() for problem in save.errors(tx, row["document"])]
    if errors:
        first = errors[0]
        raise Refused(
            409, f"version {row['version']} cannot run: line {first['line']}: {first['message']}", errors=errors, kind="invalid-recipe"
        )
    return row


def start_of_interval(tx: Tx, namespace: str, text: str, logical_date: datetime) -> datetime:
    """Of the data interval of a run of a recipe: the fire time before its logical date, which it is itself where there is none."""
    return fire_times.start_of_interval(tx, namespace, schedule_of(text), logical_date)


def values_of(tx: Tx, text: str, body: Mapping[str, Any], run: str, logical_date: datetime, start: datetime) -> RunValues | None:
    """What a run is given; None where its recipe takes nothing. `start`: of its data interval. Raises Refused."""
    environment = current_app.extensions["penstock.settings"].template_env
    given = body.get("parameters") or {}
    return run_values(tx, text, given, run=run, logical_date=logical_date, interval_start=start, environment=environment)
