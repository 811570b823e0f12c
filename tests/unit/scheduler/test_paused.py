"""A scheduler that is paused while it fires: others take its schedules over, and once it is awake it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

HERE = Path(__file__).parent
# pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(HERE.parent / "worker"))

from servers_for_tests import store, wait_for  # noqa: E402

from shared.pipelines.language import read_documents, starts  # noqa: E402
from shared.store import partitions, resources, triggers  # noqa: E402
from shared.store.database import Database  # noqa: E402
from tests.support.kills import Points  # noqa: E402

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  schedule: "@yearly"
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}
    - {id: write, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""


@dataclass
class Schedulers:
    database: Database
    points: Points
    folder: Path
    there: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "PIPELINE_"))},
            **self.points.settings,
            "PENSTOCK_SCHEDULER_NAME": name,
            "PENSTOCK_DATABASE_URL": self.database.url,
            "PENSTOCK_REDIS_URL": "redis://127.0.0.1:1/0",
            "PENSTOCK_STAGING_URL": (self.folder / "staging").as_uri(),
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            self.there[name] = subprocess.Popen([sys.executable, "-m", "services.scheduler"], env=environment, stdout=log, stderr=log)
        wait_for(lambda: self.all("SELECT 1 AS one FROM workers WHERE name = %(n)s", n=name), 60)

    def due(self, name: str) -> None:
        """A pipeline of which one fire time was missed, which catchUp: last has run."""
        text = RECIPE.replace("NAME", name)
        with self.database.transaction() as tx:
            resources.save(tx, kind="Pipeline", namespace="default", name=name, text=text, valid=True, problems=[], author="t", message="")
            triggers.sync(tx, "default", name, 1, starts(read_documents(text)[0]))
            tx.execute("UPDATE triggers SET handled_to = now() - interval '1 year' WHERE pipeline = %(p)s", {"p": name})

    def all(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.database.transaction() as tx:
            return list(tx.execute(statement, values))  # type: ignore[call-overload]

    def runs(self, name: str) -> list[dict[str, Any]]:
        return self.all("SELECT id FROM runs WHERE pipeline = %(p)s", p=name)


@pytest.fixture
def schedulers(tmp_path: Path) -> Iterator[Schedulers]:
    (tmp_path / "staging").mkdir()
    with store() as server:
        database = Database(server.url, name="tests", size=2)
        with database.transaction() as tx:
            partitions.ensure(tx, datetime.now(UTC))
        made = Schedulers(database, Points(tmp_path / "armed"), tmp_path)
        yield made
        for process in made.there.values():
            process.kill()
            process.wait()
        database.close()


def test_others_fire_for_a_scheduler_that_is_paused_and_it_goes_on_once_it_is_awake(schedulers: Schedulers) -> None:
    schedulers.start("paused")
    schedulers.points.arm("scheduler.firing", number="STOP", only="paused")
    schedulers.due("first")
    asleep = schedulers.there["paused"]
    wait_for(lambda: psutil.Process(asleep.pid).status() == psutil.STATUS_STOPPED, 60)
    assert schedulers.runs("first") == [], "it holds the row, and has not committed"
    schedulers.start("other")
    wait_for(lambda: schedulers.runs("first"), 60)
    os.kill(asleep.pid, signal.SIGCONT)
    schedulers.there["other"].kill()
    schedulers.due("second")
    wait_for(lambda: schedulers.runs("second"), 60)
    assert asleep.poll() is None
    assert [len(schedulers.runs(name)) for name in ("first", "second")] == [1, 1]
    assert "PostgreSQL is away, trying again" in (schedulers.folder / "paused.log").read_text()
