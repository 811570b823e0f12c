"""Sources that read what is new since the last run, over the real services: nothing is read twice, nothing is left out."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from services.api.cli.client import CallRefused
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: %(name)s}
spec:
  retries: 0
  concurrencyPolicy: Allow
  nodes:
    - id: new
      type: connector_source
      config: {connector: %(connector)s, %(object)s, incremental: {%(incremental)s}}
    - {id: out, type: connector_sink, onError: fail, config: {connector: db, table: %(target)s, writeMode: %(mode)s}}
  edges: [{from: new, to: out, columns: [%(columns)s]}]
"""


class Feed:
    """A pipeline over a table `{name}_in` of the users' database into `{name}_out`."""

    def __init__(
        self,
        stack: Stack,
        name: str,
        *,
        key: str = "",
        incremental: str = "cursorColumn: at",
        mode: str = "INSERT",
        settings: str = "retries: 0",
    ) -> None:
        self.stack, self.name = stack, name
        stack.sql(f"CREATE TABLE {name}_in (id int {key}, at timestamp, v text)")
        stack.sql(f"CREATE TABLE {name}_out (id int {'PRIMARY KEY' if mode.startswith('UPSERT') else ''}, at timestamp, v text)")
        said = {"connector": "db", "object": f"table: {name}_in", "columns": "id, at, v", "target": f"{name}_out"}
        recipe = RECIPE % (said | {"name": name, "incremental": incremental, "mode": mode})
        stack.apply(recipe.replace("retries: 0", settings))

    def comes(self, *rows: tuple[int, str, str]) -> None:
        for row in rows:
            self.stack.sql(f"INSERT INTO {self.name}_in VALUES (%s, %s, %s)", *row)

    def runs(self, status: str = "SUCCEEDED", **body: Any) -> Any:
        started = self.stack.client.call("POST", f"/pipelines/default/{self.name}/runs", body=body)
        ended = self.stack.wait(started["id"])
        assert ended["status"] == status, ended["error"]
        return ended

    @property
    def out(self) -> list[tuple[Any, ...]]:
        return self.stack.sql(f"SELECT id, v FROM {self.name}_out ORDER BY id, v")

    @property
    def cursor(self) -> Any:
        (found,) = self.stack.client.call("GET", f"/pipelines/default/{self.name}/state")["cursors"]
        return found


DAY = "2026-03-%02d 12:00:00"


def test_rows_of_equal_cursor_value_that_come_later_are_inserted_once(stack: Stack) -> None:
    feed = Feed(stack, "equal")
    feed.comes((1, DAY % 1, "a"), (2, DAY % 2, "b"), (3, DAY % 2, "b"))
    feed.runs()
    assert feed.cursor["value"] == DAY % 2
    # No key: two rows that are alike in everything are two rows.
    feed.comes((2, DAY % 2, "b"), (4, DAY % 2, "d"), (5, DAY % 3, "e"))
    ended = feed.runs()
    assert feed.out == [(1, "a"), (2, "b"), (2, "b"), (3, "b"), (4, "d"), (5, "e")]
    assert (ended["balanced"], next(n for n in ended["nodes"] if n["id"] == "new")["rowsIn"]) == (True, 3)
    feed.runs()
    assert len(feed.out) == 6


def test_late_rows_within_the_lag_are_inserted_once(stack: Stack) -> None:
    feed = Feed(stack, "late", key="PRIMARY KEY", incremental="cursorColumn: at, lag: 48h, initialValue: 2026-03-01")
    feed.comes((1, "2026-02-01", "before"), (2, DAY % 1, "b"), (3, DAY % 5, "c"))
    feed.runs()
    feed.comes((4, DAY % 4, "late"), (5, DAY % 2, "too late"), (6, DAY % 6, "new"))
    # The same row by its key and cursor, whatever else was changed of it.
    stack.sql("UPDATE late_in SET v = 'changed' WHERE id = 3")
    feed.runs()
    assert feed.out == [(2, "b"), (3, "c"), (4, "late"), (6, "new")]


def test_upsert_takes_late_and_changed_rows_up(stack: Stack) -> None:
    feed = Feed(stack, "merged", key="PRIMARY KEY", incremental="cursorColumn: at, lag: 48h", mode="UPSERT, upsertKeys: [id]")
    feed.comes((1, DAY % 1, "a"), (2, DAY % 5, "b"))
    feed.runs()
    feed.comes((3, DAY % 4, "late"), (4, DAY % 6, "new"))
    stack.sql("UPDATE merged_in SET v = 'changed', at = %s WHERE id = 1", DAY % 7)
    feed.runs()
    assert feed.out == [(1, "changed"), (2, "b"), (3, "late"), (4, "new")]
    assert (feed.cursor["value"], feed.cursor["remembered"], feed.cursor["heldBy"]) == (DAY % 7, 0, None)


def test_a_run_that_fails_moves_no_cursor(stack: Stack) -> None:
    feed = Feed(stack, "failing")
    feed.comes((1, DAY % 1, "a"))
    feed.runs()
    stack.sql("ALTER TABLE failing_out ADD CONSTRAINT closed CHECK (id < 2)")
    feed.comes((2, DAY % 2, "b"))
    feed.runs("FAILED")
    assert feed.cursor["value"] == DAY % 1
    stack.sql("ALTER TABLE failing_out DROP CONSTRAINT closed")
    feed.runs()
    assert feed.out == [(1, "a"), (2, "b")]


def test_what_was_written_and_not_recorded_is_found_by_the_next_run(stack: Stack) -> None:
    """The run ends between the commit in the destination and the record of it."""
    feed = Feed(stack, "unrecorded")
    feed.comes((1, DAY % 1, "a"), (2, DAY % 2, "b"))
    stack.sql("CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$")
    stack.sql("CREATE TRIGGER slow BEFORE INSERT ON unrecorded_out FOR EACH ROW EXECUTE FUNCTION slow_down()")
    run = stack.start("unrecorded")
    stack.until(lambda: any(node["status"] == "RUNNING" for node in stack.run(run)["nodes"]), 20, "the stage to run")
    with psycopg.connect(stack.database_url("penstock")) as held:
        held.execute("SELECT 1 FROM runs WHERE id = %s FOR UPDATE", (run,))
        stack.until(lambda: len(feed.out) == 2, 20, "the rows to be committed")
        held.execute("UPDATE runs SET status = 'FAILED', finished_at = now() WHERE id = %s", (run,))
        held.execute("UPDATE stages SET status = 'FAILED' WHERE run_id = %s AND kind = 'work'", (run,))
    assert stack.run(run)["status"] == "FAILED"
    stack.sql("DROP TRIGGER slow ON unrecorded_out")
    feed.comes((3, DAY % 3, "c"))
    feed.runs()
    assert (feed.out, feed.cursor["value"]) == ([(1, "a"), (2, "b")], DAY % 2)
    feed.runs()
    assert feed.out == [(1, "a"), (2, "b"), (3, "c")]


def test_a_row_that_came_before_its_window_was_found_written_is_the_next_runs(stack: Stack) -> None:
    """The source is read in a stage of its own, and again by the run that finds what was written."""
    feed = Feed(stack, "apart", settings="retries: 0\n  staging: all")
    feed.comes((1, DAY % 1, "a"), (2, DAY % 2, "b"))
    stack.sql("CREATE FUNCTION slow_apart() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$")
    stack.sql("CREATE TRIGGER slow BEFORE INSERT ON apart_out FOR EACH ROW EXECUTE FUNCTION slow_apart()")
    run = stack.start("apart")
    writing = {("out", "RUNNING")}
    stack.until(lambda: writing <= {(n["id"], n["status"]) for n in stack.run(run)["nodes"]}, 20, "the second stage to run")
    with psycopg.connect(stack.database_url("penstock")) as held:
        held.execute("SELECT 1 FROM runs WHERE id = %s FOR UPDATE", (run,))
        stack.until(lambda: len(feed.out) == 2, 20, "the rows to be committed")
        held.execute("UPDATE runs SET status = 'FAILED', finished_at = now() WHERE id = %s", (run,))
        held.execute("UPDATE stages SET status = 'FAILED' WHERE run_id = %s AND kind = 'work'", (run,))
    stack.sql("DROP TRIGGER slow ON apart_out")
    feed.comes((3, DAY % 2, "late"))
    feed.runs()
    assert feed.out == [(1, "a"), (2, "b")]
    feed.runs()
    feed.runs()
    assert feed.out == [(1, "a"), (2, "b"), (3, "late")]


def test_rows_of_files_by_number_go_on_after_a_number(stack: Stack) -> None:
    stack.sql("CREATE TABLE lines_out (id int, v text)")
    said = {"name": "lines", "connector": "files", "object": "path: lines.csv", "incremental": "cursorColumn: id, lag: 2"}
    stack.apply(RECIPE % (said | {"columns": "id, v", "target": "lines_out", "mode": "INSERT"}))
    (stack.files / "lines.csv").write_text("id,v\n1,a\n5,e\n")
    assert stack.wait(stack.start("lines"))["status"] == "SUCCEEDED"
    (stack.files / "lines.csv").write_text("id,v\n1,a\n5,e\n4,late\n2,gone\n6,f\n")
    assert stack.wait(stack.start("lines"))["status"] == "SUCCEEDED"
    assert stack.sql("SELECT id, v FROM lines_out ORDER BY id") == [(1, "a"), (4, "late"), (5, "e"), (6, "f")]


def test_runs_asked_for_at_once_read_one_after_the_other(stack: Stack) -> None:
    feed = Feed(stack, "together")
    feed.comes(*((at, DAY % 1, "x") for at in range(50)))
    runs = [stack.start("together") for _ in range(4)]
    assert [stack.wait(run)["status"] for run in runs] == ["SUCCEEDED"] * 4
    assert len(feed.out) == 50


def test_cursors_are_shown_set_and_deleted(stack: Stack) -> None:
    feed = Feed(stack, "said")
    path = "/pipelines/default/said/state"
    with pytest.raises(CallRefused, match="has no cursor"):
        stack.client.call("DELETE", f"{path}/out")
    assert stack.client.call("PUT", f"{path}/new", body={"cursor": DAY % 3})["cursors"][0]["value"] == DAY % 3
    feed.comes((1, DAY % 1, "a"), (3, DAY % 3, "c"), (4, DAY % 4, "d"))
    feed.runs()
    assert feed.out == [(4, "d")]
    with pytest.raises(CallRefused, match="of column at, is 'abc', which is no TIMESTAMP"):
        stack.client.call("PUT", f"{path}/new", body={"cursor": "abc"})
    assert stack.client.call("PUT", f"{path}/new", body={"cursor": DAY % 4})["cursors"][0]["value"] == DAY % 4
    feed.runs()
    feed.runs()
    assert feed.out == [(4, "d")]
    plan = stack.client.call("POST", "/pipelines/default/said/plan", body={})
    assert DAY % 4 in str([s["sql"] for stage in plan["stages"] for s in stage["statements"]])
    ended = feed.runs("FAILED", fullRefresh=True)
    assert "a full refresh would insert all rows of new into out once more" in ended["error"]["message"]
    stack.sql("TRUNCATE said_out")
    assert stack.client.call("DELETE", f"{path}/new")["cursors"][0]["value"] is None
    feed.runs()
    assert len(feed.out) == 3


def test_a_full_refresh_begins_anew_where_nothing_is_doubled(stack: Stack) -> None:
    feed = Feed(stack, "anew", key="PRIMARY KEY", mode="UPSERT, upsertKeys: [id]")
    feed.comes((1, DAY % 1, "a"), (2, DAY % 2, "b"))
    feed.runs()
    stack.sql("UPDATE anew_in SET v = 'changed' WHERE id = 1")
    feed.runs()
    assert feed.out == [(1, "a"), (2, "b")]
    feed.runs(fullRefresh=True)
    assert feed.out == [(1, "changed"), (2, "b")]


def test_what_cannot_be_exact_is_refused_with_a_sentence(stack: Stack) -> None:
    stack.sql("CREATE TABLE wide_in (id int, at text, r real); CREATE TABLE wide_out (id int)")
    said = {"connector": "db", "object": "table: wide_in", "columns": "id", "target": "wide_out", "mode": "INSERT"}

    def fails(name: str, incremental: str) -> str:
        stack.apply(RECIPE % (said | {"name": name, "incremental": incremental}))
        ended = stack.wait(stack.start(name))
        assert ended["status"] == "FAILED"
        return str(ended["error"]["message"])

    assert "lag cannot be counted back from a text" in fails("wide-text", "cursorColumn: at, lag: 1h")
    assert "cursorColumn r is REAL" in fails("wide-real", "cursorColumn: r")
    two = RECIPE % (said | {"name": "wide-two", "incremental": "cursorColumn: id"})
    two = two.replace(
        "  edges: [",
        "    - {id: copy, type: connector_sink, config: {connector: files, path: w, writeMode: INSERT}}\n  edges: [{from: new, to: copy}, ",
    )
    stack.apply(two)
    ended = stack.wait(stack.start("wide-two"))
    assert "not written in one transaction" in ended["error"]["message"]
