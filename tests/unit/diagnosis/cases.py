"""A case around one error: a recipe with a source, an expression and a sink, and what else the test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.diagnosis import Case, Failure, Recipe
from shared.pipelines.language import read_documents
from shared.pipelines.validation import Known

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RECIPE = """# Orders of the day.
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: orders}
spec:
  timeout: 600
  nodes:
    - id: read
      type: connector_source
      config: {connector: db, table: orders}   # the shop's own table
    - id: net
      type: expression
      onError: fail
      timeout: 60
      config:
        columns:
          - {name: net, expression: amount - tax}
    - id: file
      type: connector_source
      config: {connector: files, path: in/orders.csv}
    - id: keep
      type: connector_sink
      config: {connector: files, path: kept.csv, writeMode: OVERWRITE}
    - id: write
      type: connector_sink
      config: {connector: db, table: net_orders, writeMode: INSERT}
  edges: [{from: read, to: net}, {from: net, to: write}, {from: file, to: keep}]
"""
POSTGRES = {"host": "h", "port": 5432, "database": "d", "user": "u"}


def recipe(text: str = RECIPE) -> Recipe:
    known = Known({"default/db": ("postgres", POSTGRES), "default/files": ("files", {"root": "/data"})}, require_connectors=True)
    return Recipe(read_documents(text)[0], known, 3)


def case(code: str = "", message: str = "", *, node: str | None = None, status: str = "FAILED", text: str = RECIPE, **more: Any) -> Case:
    run = {
        "id": "0198c2de-0000-7000-8000-000000000001",
        "namespace": "default",
        "pipeline": "orders",
        "status": status,
        "started_at": NOW - timedelta(seconds=90),
        "finished_at": NOW if status != "RUNNING" else None,
        "waiting_for": None,
    }
    failure = Failure(code, message, node=node, stage=more.pop("stage", None)) if code else None
    return Case(run=run, now=NOW, failure=failure, recipe=recipe(text), **more)


def earlier(*runs: tuple[str, int, dict[str, Any] | None]) -> list[dict[str, Any]]:
    """(status, version, error) of runs before this one, the newest first, a day apart, of ten seconds each."""
    return [
        {
            "id": f"run-{at}",
            "version": version,
            "status": status,
            "finished_at": NOW - timedelta(days=at + 1),
            "duration_s": 10.0,
            "error": error,
        }
        for at, (status, version, error) in enumerate(runs)
    ]
