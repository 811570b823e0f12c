"""A cancel reaches what really runs, wherever that is, within five seconds, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.support.mariadb import Server
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

WITHIN_S = 5.0
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  nodes:
{nodes}
  edges: [{edges}]
"""
# Such as nobody else on the machine sleeps.
SECONDS = f"4711.{os.getpid()}"
FUNCTION = f"import subprocess\ndef f(table):\n    subprocess.run(['sleep', '{SECONDS}'])\n    return table\n"


@dataclass(frozen=True, slots=True)
class Case:
    """`nodes` for a target's name. `runs`: the statement is on its way, by the word of whoever runs it."""

    nodes: Callable[[str], str]
    edges: str
    runs: Callable[[Stack, str], Any]


def statement(stack: Stack, run: str) -> Any:
    """Of the users' PostgreSQL, in a session of the run's."""
    busy = "SELECT query FROM pg_stat_activity WHERE application_name LIKE %s AND state = 'active'"
    return stack.sql(busy, f"penstock/{run}/%")


def works(stack: Stack, run: str) -> Any:
    """A stage of its own work is RUNNING, and has been for a moment."""
    running = "SELECT 1 FROM stages WHERE run_id = %s AND kind = 'work' AND status = 'RUNNING' AND started_at < now() - interval '1 s'"
    return stack.sql(running, run, database="penstock")


def sleeps(stack: Stack, run: str) -> Any:
    return [one.pid for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", SECONDS]]


def source(config: str) -> str:
    return f"    - {{id: read, type: connector_source, config: {{{config}}}}}\n"


def sql(query: str) -> str:
    return f"    - {{id: work, type: sql, config: {{query: {json.dumps(query)}}}}}\n"


def function(text: str) -> str:
    return f"    - {{id: work, type: python, timeout: 600, config: {{function: {json.dumps(text)}}}}}\n"


def file(name: str) -> str:
    return f"    - {{id: out, type: connector_sink, config: {{connector: files, path: {name}.csv, writeMode: OVERWRITE}}}}\n"


def table(name: str) -> str:
    return f"    - {{id: out, type: connector_sink, config: {{connector: db, table: {name}, writeMode: INSERT}}}}\n"


SLEEPING = source('connector: db, query: "SELECT i AS id, pg_sleep(60)::text AS x FROM generate_series(1, 2) AS i"')
FEW, MANY = source("connector: files, path: cancel-few.csv"), source("connector: files, path: cancel-many.csv")
CROSS = sql("SELECT count(*) AS id FROM read a, read b, read c, read d WHERE a.id + b.id + c.id + d.id < 0")
THROUGH, WORKED = "{from: read, to: out}", "{from: read, to: work}, {from: work, to: out}"
CASES = {
    "source_that_the_engine_reads": Case(lambda name: SLEEPING + file(name), THROUGH, statement),
    "table_that_is_written": Case(lambda name: FEW + table(name), THROUGH, statement),
    "what_a_database_computes": Case(lambda name: source("connector: db, table: cancel_slow") + table(name), THROUGH, statement),
    "work_of_the_engine": Case(lambda name: MANY + CROSS + file(name), WORKED, works),
    "function_and_what_it_started": Case(lambda name: FEW + function(FUNCTION) + file(name), WORKED, sleeps),
}


@pytest.fixture(scope="module")
def slow(stack: Stack) -> Stack:
    stack.connectors()
    (stack.files / "cancel-few.csv").write_text("id\n1\n2\n")
    (stack.files / "cancel-many.csv").write_text("id\n" + "".join(f"{i}\n" for i in range(3000)))
    stack.sql(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;"
        "CREATE VIEW cancel_slow AS SELECT i AS id FROM generate_series(1, 3) AS i WHERE pg_sleep(60) IS NOT NULL"
    )
    return stack


def cancelled(stack: Stack, run: str, runs: Callable[[Stack, str], Any]) -> float:
    """Seconds from the request until nothing of it runs any more and the run has ended."""
    stack.until(lambda: runs(stack, run), 40, "the statement to run")
    asked = time.monotonic()
    stack.client.call("POST", f"/runs/{run}/cancel")
    stack.until(lambda: not runs(stack, run), 20, "the statement to stop")
    ended = stack.wait(run, 20)
    took = time.monotonic() - asked
    assert (ended["status"], ended["error"]["code"]) == ("CANCELLED", "cancelled")
    return took


@pytest.mark.parametrize("name", CASES)
def test_a_cancel_stops_it_within_five_seconds_and_nothing_is_left(slow: Stack, name: str) -> None:
    case = CASES[name]
    slow.sql(f"CREATE TABLE {name} (id bigint)")
    if name == "table_that_is_written":
        slow.sql(f"CREATE TRIGGER slowly BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION slowly()")
    pipeline = name.replace("_", "-")
    slow.apply(PIPELINE.format(name=pipeline, nodes=case.nodes(name), edges=case.edges))
    run = slow.start(pipeline)
    assert cancelled(slow, run, case.runs) < WITHIN_S
    assert slow.sql(f"SELECT * FROM {name}") == []
    assert not (slow.files / f"{name}.csv").exists()
    assert not list(slow.files.rglob(f".penstock-tmp-*{run}*"))


def test_a_cancel_ends_the_query_in_a_mariadb(slow: Stack, mariadb: Server) -> None:
    own = mariadb.database()
    config = ", ".join(f"{key}: {value!r}" for key, value in own.config.items())
    slow.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: maria}}\nspec: {{type: mysql, config: {{{config}}}}}\n")
    nodes = source('connector: maria, query: "SELECT SLEEP(60) AS id"') + file("maria")
    slow.apply(PIPELINE.format(name="maria", nodes=nodes, edges=THROUGH))

    def busy(stack: Stack, run: str) -> Any:
        return own.sql("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(60)%' AND command = 'Query'")

    assert cancelled(slow, slow.start("maria"), busy) < WITHIN_S


def test_a_run_that_took_too_long_is_stopped_as_a_cancelled_one_is(slow: Stack) -> None:
    text = PIPELINE.format(name="late", nodes=SLEEPING + file("late"), edges=THROUGH)
    slow.apply(text.replace("spec:", "spec:\n  timeout: 3"))
    run = slow.start("late")
    slow.until(lambda: statement(slow, run), 40, "the statement to run")
    ended = slow.wait(run, 20)
    assert ended["status"] == "TIMED_OUT"
    assert not statement(slow, run)
