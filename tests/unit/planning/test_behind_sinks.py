"""Edges out of sinks: the nodes behind get the rows that were written, once, and what cannot be is refused by name."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.errors import Misconfigured
from shared.connectors.files.publish import JOURNALS
from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.pipelines.replay import CannotReplay, replayed
from shared.planning.errors import PlanProblem
from shared.planning.exports import CannotExport, project
from shared.planning.lineage import column_lineage
from shared.planning.make import logical_plan, plan
from shared.planning.needs import needs
from shared.store.identifiers import new_id
from tests.support.inprocess import Ran, make_pipeline, run

READ = "    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}\n"
LOAD = "    - {id: load, type: connector_sink, config: {connector: lite, table: t, writeMode: MODE}}\n"
UPSERT = "UPSERT, upsertKeys: [id], orderBy: [{column: v}]"
KEPT = "    - {id: kept, type: connector_sink, config: {connector: files, path: kept.csv, writeMode: OVERWRITE}}\n"
SUMS = """    - {id: sums, type: sql, config: {query: "SELECT count(*) AS n, sum(v) AS v FROM load"}}
    - {id: out, type: connector_sink, config: {connector: files, path: sums.csv, writeMode: OVERWRITE}}
"""
EDGES = "{from: read, to: load}, {from: load, to: sums}, {from: sums, to: out}, {from: load.out, to: kept}"
# One has no name, one too long a one; of two keys there are two rows, and of one of them both are the same.
ROWS = "id,name,v\n1,a,10\n2,b,20\n1,a,30\n2,b,5\n3,c,7\n3,c,7\n4,,1\n5,toolong,2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_text(ROWS)
    with closing(sqlite3.connect(tmp_path / "lite.db")) as lite:
        lite.execute("CREATE TABLE t (id integer, name text NOT NULL CHECK (length(name) < 4), v integer, at text)")
        lite.execute("CREATE UNIQUE INDEX once ON t (id, v)")
        lite.execute("INSERT INTO t VALUES (3, 'c', 7, NULL), (9, 'z', 0, NULL)")
        lite.commit()
    return tmp_path


def recipe(mode: str = UPSERT, *, settings: str = "", nodes: str = READ, edges: str = EDGES) -> str:
    return make_pipeline(nodes + LOAD.replace("MODE", mode) + SUMS + KEPT, edges, settings)


def ran(folder: Path, text: str, **said: Any) -> Ran:
    return run(folder, text, more={"lite": ("sqlite", {"path": str(folder / "lite.db")})}, **said)


def stages(found: Ran) -> list[tuple[tuple[str, ...], str | None]]:
    return [(stage.nodes, stage.engine) for stage in found.plan.stages]


def test_of_each_key_the_row_that_won_goes_on_and_no_row_that_was_set_aside(folder: Path) -> None:
    found = ran(folder, recipe())
    assert found.rows("kept.csv") == [("2", "b", "20"), ("1", "a", "30"), ("3", "c", "7")]
    assert found.rows("sums.csv") == [("3", "57")]
    assert [record["id"] for record, *_ in found.rejects["load"]] == [4, 5]
    load = found.figures["load"]
    assert (load["rowsIn"], load["rowsOut"], load["rowsRejected"], load["ledger"]) == (8, 3, 2, {"merged": 3})
    assert (load["rowsInserted"], load["rowsUnchanged"]) == (2, 1)


def test_of_equal_rows_as_many_go_on_as_were_added(folder: Path) -> None:
    found = ran(folder, recipe("INSERT"))
    assert found.rows("kept.csv") == [("1", "a", "10"), ("2", "b", "20"), ("1", "a", "30"), ("2", "b", "5")]
    assert found.figures["load"]["rowsOut"] == 4


def test_an_overwrite_hands_on_what_it_left_there(folder: Path) -> None:
    found = ran(folder, recipe("OVERWRITE"))
    assert found.rows("kept.csv") == [("1", "a", "10"), ("2", "b", "20"), ("1", "a", "30"), ("2", "b", "5"), ("3", "c", "7")]
    assert found.figures["load"]["rowsRejected"] == 3


def test_the_time_of_the_write_and_columns_that_are_left_out_do_not_go_on(folder: Path) -> None:
    (folder / "in.csv").write_text("id,name,v,more\n1,a,2,x\n")
    found = ran(folder, recipe("OVERWRITE, schemaEvolution: ignore, updatedAtColumn: at"))
    assert (folder / "kept.csv").read_text() == "id,name,v\n1,a,2\n"
    with closing(sqlite3.connect(folder / "lite.db")) as lite:
        assert lite.execute("SELECT at IS NOT NULL FROM t").fetchall() == [(1,)]
    assert found.figures["load"]["rowsOut"] == 1


def test_an_attempt_that_comes_after_the_commit_hands_on_what_was_written_then(folder: Path) -> None:
    run_id = new_id()
    first = ran(folder, recipe("INSERT"), run_id=run_id)
    (folder / "in.csv").write_text("id,name,v\n8,new,1\n")
    (folder / "kept.csv").unlink()
    shutil.rmtree(folder / JOURNALS)
    found = ran(folder, recipe("INSERT"), run_id=run_id, epoch=2)
    assert found.outcomes[0] == first.outcomes[0]
    assert found.rows("kept.csv") == [("1", "a", "10"), ("2", "b", "20"), ("1", "a", "30"), ("2", "b", "5")]
    shutil.rmtree(folder / "staging")
    with pytest.raises(Misconfigured, match="rows that load wrote are in their destination, and are not staged any more"):
        ran(folder, recipe("INSERT"), run_id=run_id, epoch=3)
    with closing(sqlite3.connect(folder / "lite.db")) as lite:
        assert lite.execute("SELECT count(*) FROM t").fetchone() == (6,)


def test_a_sink_whose_rows_are_read_is_not_left_to_its_database_and_says_why(folder: Path) -> None:
    nodes = "    - {id: read, type: connector_source, config: {connector: lite, table: t}}\n" + LOAD.replace("table: t,", "table: u,")
    nodes = nodes.replace("MODE", "OVERWRITE, createTable: true")
    pushed = ran(folder, make_pipeline(nodes, "{from: read, to: load}"))
    assert stages(pushed) == [(("read", "load"), "database")]
    found = ran(folder, make_pipeline(nodes + KEPT, "{from: read, to: load}, {from: load, to: kept, columns: [v, id]}"))
    assert stages(found) == [(("read", "load"), "duckdb"), (("kept",), "duckdb")]
    assert any("what load wrote goes on to other nodes" in why for why in found.plan.stages[0].why)
    assert "load: what it wrote is staged for kept" in found.plan.stages[0].why
    assert [stage.generation for stage in found.plan.stages] == [1, 2]
    assert sorted(found.rows("kept.csv")) == [("0", "9"), ("7", "3")]


@pytest.mark.parametrize("settings", ["  staging: all\n", "  ledger: exact\n", "  processingMode: dataframe\n"])
def test_other_ways_to_run_it_give_the_same(folder: Path, settings: str) -> None:
    found = ran(folder, recipe(settings=settings))
    assert found.rows("sums.csv") == [("3", "57")]


def test_rules_take_rows_out_before_the_sink_and_they_do_not_go_on(folder: Path) -> None:
    rules = """---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: checks}
spec: {dataset: {pipeline: p, node: load}, rules: [{name: small, type: RANGE, column: v, max: 9, onFail: reject_rows},
  {name: there, type: NOT_NULL, column: id, blockPipeline: true}]}
"""
    found = ran(folder, recipe() + rules)
    assert found.rows("kept.csv") == [("2", "b", "5"), ("3", "c", "7")]
    load = found.figures["load"]
    assert (load["rowsIn"], load["rowsOut"], load["rowsRejected"], load["ledger"]) == (8, 2, 5, {"merged": 1})


def test_a_sink_may_write_what_another_wrote_and_a_node_may_read_both_sides(folder: Path) -> None:
    nodes = (
        READ
        + LOAD.replace("MODE", UPSERT)
        + KEPT
        + """
    - {id: left, type: joiner, config: {joinType: LEFT, left: read, right: load, keys: [{left: id, right: id}, {left: v, right: v}]}}
    - {id: both, type: connector_sink, config: {connector: files, path: both.csv, writeMode: OVERWRITE}}
    - {id: again, type: connector_sink, config: {connector: files, path: again.csv, writeMode: OVERWRITE}}
"""
    )
    edges = "{from: read, to: load}, {from: load, to: kept}, {from: kept, to: again}"
    found = ran(folder, make_pipeline(nodes, f"{edges}, {{from: read, to: left}}, {{from: load, to: left}}, {{from: left, to: both}}"))
    assert found.rows("again.csv") == found.rows("kept.csv") == [("2", "b", "20"), ("1", "a", "30"), ("3", "c", "7")]
    assert sorted(row[0] for row in found.rows("both.csv") if row[3]) == ["1", "2", "3", "3"]
    assert [stage.generation for stage in found.plan.stages if stage.nodes == ("again",)] == [4]


def test_sinks_of_several_connectors_that_are_all_read_are_published_each_by_itself(folder: Path) -> None:
    nodes = (
        READ
        + LOAD.replace("MODE", UPSERT)
        + KEPT
        + """
    - {id: part, type: connector_sink, config: {connector: duck, table: t, writeMode: OVERWRITE, createTable: true}}
    - {id: two, type: connector_sink, config: {connector: files, path: two.csv, writeMode: OVERWRITE}}
"""
    )
    edges = "{from: read, to: load}, {from: read, to: part}, {from: load, to: kept}, {from: part, to: two}"
    more = {"lite": ("sqlite", {"path": str(folder / "lite.db")}), "duck": ("duckdb", {"path": str(folder / "own.duckdb")})}
    found = run(folder, make_pipeline(nodes, edges), more=more)
    assert [stage.nodes for stage in found.plan.stages] == [("read",), ("part",), ("load",), ("kept",), ("two",)]
    assert (len(found.rows("kept.csv")), len(found.rows("two.csv"))) == (3, 8)


def test_lineage_goes_through_the_sink(folder: Path) -> None:
    graph = logical_plan(read(recipe()), facts(read(recipe())), TYPES)
    assert {source for source, _ in column_lineage(graph)["out"]["v"].of} == {"read"}
    assert column_lineage(graph)["kept"]["name"].of == {("read", "name")}


TYPES = {"default/files": "files", "default/lite": "sqlite"}
COLUMNS = [["id", "BIGINT", True], ["name", "TEXT", True], ["v", "BIGINT", True]]


def read(text: str) -> Pipeline:
    return pipeline(read_documents(text)[0])


def facts(of: Pipeline, types: dict[str, str] = TYPES) -> dict[str, Any]:
    return {need.key: {"exists": True, "columns": COLUMNS, "rows": 5, "keys": [["id"]]} for need in needs(of, types)}


@pytest.mark.parametrize(
    ("changed", "types", "says"),
    [
        (("load.out", "load.error"), TYPES, "no edge leads on from its port error"),
        (("load.out", "load"), {**TYPES, "default/lite": "clickhouse"}, "an UPSERT through a clickhouse connector"),
        (("load.out", "load"), {**TYPES, "default/lite": "snowflake"}, "an UPSERT through a snowflake connector"),
    ],
)
def test_what_cannot_be_told_exactly_is_refused_by_name(changed: tuple[str, str], types: dict[str, str], says: str) -> None:
    of = read(recipe().replace(*changed))
    with pytest.raises(PlanProblem) as problem:
        plan(of, facts(of, types), types)
    assert says in problem.value.message


def test_a_source_of_what_is_new_takes_no_sink_behind_that_would_get_rows_twice() -> None:
    nodes = READ.replace("path: in.csv", "path: in.csv, incremental: {cursorColumn: id}")
    of = read(recipe(nodes=nodes))
    with pytest.raises(PlanProblem) as problem:
        plan(of, facts(of), TYPES)
    assert "not written in one transaction" in problem.value.message


def test_a_project_of_another_tool_cannot_tell_what_was_written() -> None:
    of = read(recipe())
    with pytest.raises(CannotExport) as refusal:
        project(of, facts(of), {name: (kind, {}) for name, kind in TYPES.items()})
    assert "load hands on the rows that it wrote" in refusal.value.message


def test_a_replay_does_not_write_again_for_what_it_joins_with() -> None:
    nodes = (
        READ
        + LOAD.replace("MODE", UPSERT)
        + """
    - {id: few, type: filter, config: {condition: CAST(name AS BIGINT) > 1}}
    - {id: both, type: joiner, config: {joinType: INNER, left: few, right: load, keys: [{left: id, right: id}]}}
    - {id: out, type: connector_sink, config: {connector: files, path: out, writeMode: INSERT, format: csv}}
"""
    )
    nodes += READ.replace("id: read", "id: other")
    edges = "{from: other, to: load}, {from: read, to: few}, {from: few, to: both}, {from: load, to: both}, {from: both, to: out}"
    with pytest.raises(CannotReplay) as refusal:
        replayed(read(make_pipeline(nodes, edges)), "few", lines=False)
    assert "comes out of the sink load" in refusal.value.message
