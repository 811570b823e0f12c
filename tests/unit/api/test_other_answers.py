"""Sums of a run, what pipelines keep, the doctor's reach, and calls that wait for one another."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from services.api.resources.progress import so_far
from shared.datasets import Column
from shared.engines.program import Program, Read
from shared.store.database import StoreUnavailable

NUMBERING = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: numbered}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


def node(name: str, kind: str, rows: int | None, rejected: int = 0) -> dict[str, Any]:
    out = rows - rejected if rows is not None else None
    return {"id": name, "type": kind, "status": "COMPLETED", "rowsIn": rows, "rowsOut": out, "rowsRejected": rejected}


def test_rows_that_a_source_rejects_were_read() -> None:
    found = so_far("SUCCEEDED", [node("a", "connector_source", 4, rejected=2), node("b", "connector_sink", 2)])
    assert (found["rowsRead"], found["rowsWritten"], found["rowsRejected"]) == (4, 2, 2)


def test_a_sum_of_which_a_part_is_not_known_is_not_known() -> None:
    nodes = [node("a", "connector_source", 3), node("b", "connector_source", None), node("c", "connector_sink", 3)]
    found = so_far("SUCCEEDED", nodes)
    assert (found["rowsRead"], found["rowsWritten"], found["rowsRejected"]) == (None, 3, 0)


def test_a_sequence_is_forgotten_unless_a_run_has_it(api: Any) -> None:
    api.apply(NUMBERING)
    put = "INSERT INTO sequences (namespace, pipeline, node, next_value, held_by) VALUES ('default', 'numbered', 'n', 7, %(run)s)"
    run = api.run("numbered", {}, status="RUNNING")
    api.all(f"{put} RETURNING node", run=run)
    path = "/pipelines/default/numbered/state/n"
    assert api.call("DELETE", path).status_code == 409
    assert [one["next"] for one in api.call("GET", path).json["sequences"]] == [7]
    assert api.call("GET", "/pipelines/default/numbered/state/other").status_code == 404
    api.all("UPDATE runs SET status = 'FAILED' WHERE id = %(run)s RETURNING id", run=run)
    answer = api.call("DELETE", path)
    assert (answer.status_code, answer.json["sequences"]) == (200, [])
    assert api.call("DELETE", path).status_code == 404


@pytest.mark.parametrize("days", [30_000, 900_000_000])
def test_the_doctor_looks_as_far_back_as_it_is_asked_to(api: Any, days: int) -> None:
    answer = api.call("GET", f"/system/doctor?days={days}")
    assert answer.status_code == 200, answer.text


def test_a_deadlock_is_told_as_one(api: Any) -> None:
    names = ("one", "two")
    for name in names:
        api.all("INSERT INTO sequences (namespace, pipeline, node, next_value) VALUES ('d', 'lock', %(n)s, 1) RETURNING node", n=name)
    met, told = threading.Barrier(2, timeout=20), []

    def change(first: str, second: str) -> None:
        try:
            with api.database.transaction() as tx:
                for name in (first, second):
                    tx.execute("UPDATE sequences SET next_value = 2 WHERE pipeline = 'lock' AND node = %s", (name,))
                    if name == first:
                        met.wait()
        except StoreUnavailable as error:
            told.append(error)

    threads = [threading.Thread(target=change, args=order) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = told
    assert isinstance(error.__cause__, psycopg.errors.DeadlockDetected)
    assert "changed the same rows at once" in error.message


def test_what_cannot_be_done_to_an_address_is_told_to_anybody(api: Any) -> None:
    for headers in ({}, {"Authorization": "Bearer none"}):
        answer = api.client.open("/api/v1/runs", method="PATCH", headers=headers)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert api.client.open("/api/v1/runs", method="GET").status_code == 401


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"table": "orders", "where": "id > 3"}, ['SELECT\n  "id"\nFROM "orders"\nWHERE\n  id > 3']),
        ({"query": "SELECT * FROM orders"}, ["SELECT * FROM orders"]),
        # The connector was of another type when the run was planned.
        ({"path": "orders.csv"}, []),
    ],
)
def test_a_source_tells_what_its_database_was_asked(api: Any, options: dict[str, str], asked: list[str]) -> None:
    api.apply(NUMBERING)
    read = Read("read", "read", (Column("id", "BIGINT"), Column("name", "TEXT")), "default/db", options, keep=("id",))
    run = api.run("numbered", Program(reads=(read,)).to_json())
    api.all(
        "INSERT INTO nodes (run_id, node, ordinal, type, generation, status, figures, stage)"
        " VALUES (%(run)s, 'read', 0, 'connector_source', 1, 'COMPLETED', '{}', 1) RETURNING node",
        run=run,
    )
    assert [one["sql"] for one in api.call("GET", f"/runs/{run}/nodes/read").json["sql"]] == asked
