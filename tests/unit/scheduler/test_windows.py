"""Windows of runs that read what is new, fixed in a real store: a cursor is of one column of one table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.scheduler.windows import windows
from shared.pipelines.language import pipeline, read_documents
from shared.planning.cursors import bounds
from shared.planning.errors import PlanProblem
from shared.runs.states import RunStatus
from shared.store import cursors, runs
from shared.store.database import Database
from shared.store.identifiers import new_id
from tests.support.inprocess import make_pipeline

TYPES = {"default/db": "postgres", "default/other": "postgres"}


class Feed:
    """Runs of one pipeline, each of which ends before the next begins; `recorded`: with its rows in the sink."""

    def __init__(self, store: Database) -> None:
        self.store, self.name = store, f"p-{new_id()}"

    def runs(
        self,
        column: str,
        greatest: str,
        *,
        connector: str = "db",
        table: str = "t",
        recorded: bool = True,
        opened: bool = False,
        refresh: bool = False,
        mode: str = "INSERT",
        templates: bool = False,
    ) -> dict[str, Any]:
        source = f"connector: {connector}, table: {table}, incremental: {{cursorColumn: {column}}}"
        nodes = f"    - {{id: new, type: connector_source, config: {{{source}}}}}\n"
        nodes += f"    - {{id: out, type: connector_sink, config: {{connector: db, table: o, writeMode: {mode}}}}}\n"
        recipe = pipeline(read_documents(make_pipeline(nodes, "{from: new, to: out}"))[0])
        (end,) = bounds(recipe, TYPES)
        run_id, at = new_id(), ("default", self.name, "new")
        with self.store.transaction() as tx:
            runs.create(
                tx, run=run_id, namespace="default", pipeline=self.name, resource_uid=new_id(), version=1, git_commit_sha=None,
                trigger={"type": "manual", "fullRefresh": refresh}, parameters={}, logical_date=datetime.now(UTC), reason=None,
                created_by="test",
            )  # fmt: skip
            run = runs.lock(tx, run_id)
            assert run is not None
            runs.transition(tx, run, RunStatus.RUNNING)
            asking = replace(run, run_values={"parameters": {}}) if templates else run
            found = windows(tx, asking, recipe, {end.key: end}, {end.key: {"column": column, "type": "BIGINT", "value": greatest}})
            if opened:
                cursors.begin(tx, run_id, *at[:2], {"new": {"reads": True, "exact": True, "sinks": ["out"]}}, found["new"]["window"])
            if recorded:
                cursors.recorded(tx, run_id, *at, ["out"])
            runs.transition(tx, run, RunStatus.SUCCEEDED if recorded else RunStatus.FAILED)
            runs.save(tx, run)
        return found["new"]


@pytest.fixture
def feed(store: Database) -> Feed:
    return Feed(store)


def test_a_cursor_is_not_compared_with_another_column(feed: Feed) -> None:
    feed.runs("id", "1000000")
    with pytest.raises(PlanProblem, match="new reads column version now, and its cursor is of column id; set the cursor anew"):
        feed.runs("version", "5000")
    with feed.store.transaction() as tx:
        cursors.change(tx, "default", feed.name, "new", "4000")
    assert feed.runs("version", "5000")["value"] == "4000"
    assert feed.runs("version", "6000")["value"] == "5000"


@pytest.mark.parametrize(("other", "says"), [({"table": "u"}, "table u now"), ({"connector": "other"}, "connector default/other now")])
def test_nor_with_another_table(feed: Feed, other: dict[str, Any], says: str) -> None:
    feed.runs("id", "10")
    with pytest.raises(PlanProblem, match=f"new reads {says}"):
        feed.runs("id", "20", **other)
    # Templates may name another with each run.
    assert feed.runs("id", "20", templates=True, **other)["value"] == "10"


def test_a_window_that_was_begun_is_not_read_by_another_column(feed: Feed) -> None:
    feed.runs("id", "10", recorded=False)
    # Nothing of that one can have been written.
    feed.runs("version", "5", recorded=False, opened=True)
    with pytest.raises(PlanProblem, match="is of column version"):
        feed.runs("id", "10")
    assert feed.runs("version", "6")["upto"] == "5"


def test_a_full_refresh_takes_another_column_once_it_is_recorded(feed: Feed) -> None:
    feed.runs("id", "10", mode="OVERWRITE")
    assert feed.runs("version", "5", mode="OVERWRITE", refresh=True, recorded=False)["value"] is None
    with pytest.raises(PlanProblem, match="is of column id"):
        feed.runs("version", "5", mode="OVERWRITE")
    feed.runs("version", "5", mode="OVERWRITE", refresh=True)
    assert feed.runs("version", "6", mode="OVERWRITE")["value"] == "5"


def test_a_cursor_of_an_older_release_goes_on_and_is_of_what_it_reads_from_then_on(feed: Feed) -> None:
    feed.runs("id", "10")
    with feed.store.transaction() as tx:
        tx.execute("UPDATE cursors SET reads = NULL WHERE pipeline = %(pipeline)s", {"pipeline": feed.name})
    assert feed.runs("id", "20")["value"] == "10"
    with pytest.raises(PlanProblem, match="is of column id"):
        feed.runs("version", "5")
