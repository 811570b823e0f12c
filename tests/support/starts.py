"""Runs that start by themselves, without a stack: the scheduler's own functions on the store, and runs that end when a test says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.scheduler.admission import admit
from services.scheduler.backfills import start_backfills
from services.scheduler.ended import conclude
from services.scheduler.settings import Settings
from shared.dispatch.starting import Asked, Version, start
from shared.runs.states import RunStatus
from shared.store import resources, runs
from shared.store.database import Database

NODES = """  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}
    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: out}]
"""


def recipe(name: str, *, schedule: str | None = None, more: Sequence[str] = ()) -> str:
    """`more`: lines of its spec."""
    lines = [f"  schedule: {schedule!r}", "  timezone: UTC"] if schedule else []
    head = ["---", "apiVersion: penstock/v1", "kind: Pipeline", f"metadata: {{name: {name}}}", "spec:"]
    return "\n".join([*head, *lines, *(f"  {line}" for line in more)]) + "\n" + NODES


def dependency(name: str, pipeline: str, *upstreams: str, more: str = "") -> str:
    """Each of `upstreams`: a name, or the inside of an entry."""
    entries = ", ".join(f"{{{one if ':' in one else f'pipeline: {one}'}}}" for one in upstreams)
    said = f"pipeline: {pipeline}, dependsOn: [{entries}]{more}"
    return f"---\napiVersion: penstock/v1\nkind: PipelineDependency\nmetadata: {{name: {name}}}\nspec: {{{said}}}\n"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Scheduler:
    """`turn`: all that a scheduler's loop does with runs that start, wait and end."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings

    def turn(self) -> None:
        while conclude(self.database, self.settings) or start_backfills(self.database, self.settings):
            pass
        with self.database.transaction() as tx:
            admit(tx, self.settings)

    def fires(self, pipeline: str, date: datetime, interval: timedelta = timedelta(days=1), *, by: str = "schedule") -> str:
        """A run as its schedule makes one."""
        with self.database.transaction() as tx:
            row = resources.current(tx, "Pipeline", "default", pipeline)
            assert row is not None
            return start(tx, Version.of(row), Asked({"type": by}, date, date - interval, by), {})

    def end(self, run: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Whatever it did."""
        with self.database.transaction() as tx:
            locked = runs.lock(tx, run)
            assert locked is not None
            if locked.status is RunStatus.QUEUED and status is RunStatus.SUCCEEDED:
                runs.transition(tx, locked, RunStatus.RUNNING)
            runs.transition(tx, locked, status)
            runs.save(tx, locked)

    def runs(self, pipeline: str) -> list[dict[str, Any]]:
        """Of a pipeline, in order of logical date."""
        with self.database.transaction() as tx:
            return list(
                tx.execute(
                    "SELECT id::text AS id, status, logical_date, trigger, parameters, waiting_for, error, version FROM runs"
                    " WHERE pipeline = %(p)s ORDER BY logical_date, id",
                    {"p": pipeline},
                )
            )

    def run(self, run: str) -> dict[str, Any]:
        with self.database.transaction() as tx:
            row = tx.execute("SELECT status, waiting_for, error, parameters FROM runs WHERE id = %(r)s", {"r": run}).fetchone()
            assert row is not None
            return row

    def since(self, pipeline: str, date: datetime) -> None:
        """Its schedule fires from then on."""
        with self.database.transaction() as tx:
            tx.execute("UPDATE triggers SET since = %(d)s WHERE pipeline = %(p)s", {"d": date, "p": pipeline})


def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    said = {"PENSTOCK_DATABASE_URL": database_url, "PENSTOCK_REDIS_URL": "redis://127.0.0.1:1/0", "PENSTOCK_STAGING_URL": "/tmp"}
    for name, value in {**said, "PIPELINE_MAX_CONCURRENT_EXECUTIONS": "1000"}.items():
        monkeypatch.setenv(name, value)
    return Settings.from_environment()
