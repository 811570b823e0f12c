"""The same recipe in the database that holds its rows, on its way out of it, and on DuckDB: the same rows, rejects and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.store.identifiers import new_id
from tests.support.inprocess import Ran, make_pipeline, run
from tests.support.schemas import Schema
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

SOURCE = "    - {id: s, type: connector_source, config: {connector: db, table: s}}\n"
INTO = {
    "db": "    - {id: out, type: connector_sink, config: {connector: db, table: t, writeMode: OVERWRITE, createTable: true}}\n",
    "files": "    - {id: out, type: connector_sink, config: {connector: files, path: out.parquet, writeMode: OVERWRITE}}\n",
}


@pytest.fixture(scope="module")
def place(stack: Stack) -> Iterator[Schema]:
    made = Schema(stack.home, f"it_{new_id().replace('-', '')}")
    made.sql(f"CREATE SCHEMA {made.schema}")
    made.sql("CREATE TABLE s (id bigint, k int, n text, a numeric(12,2), b int, d date, ts timestamp, flag boolean, mixed text)")
    made.sql(
        "INSERT INTO s SELECT i, i % 4, CASE WHEN i % 6 = 0 THEN NULL WHEN i % 5 = 0 THEN 'Ż' || i WHEN i % 7 = 0 THEN '' ELSE 'abC' END,"
        " CASE WHEN i % 9 = 0 THEN NULL ELSE i * 1.25 - 20 END, CASE WHEN i % 8 = 0 THEN NULL ELSE i % 5 - 2 END,"
        " CASE WHEN i % 10 = 0 THEN NULL ELSE DATE '2024-02-25' + i END, TIMESTAMP '2024-03-30 23:30' + i * INTERVAL '37 minutes',"
        " CASE WHEN i % 3 = 0 THEN NULL ELSE i % 2 = 0 END,"
        " (ARRAY['7', ' 8 ', 'x', '2024-02-30', '2024-03-01', NULL, '1e2', '3.5'])[1 + i % 8] FROM generate_series(1, 60) AS i"
    )
    made.sql("INSERT INTO s SELECT * FROM s WHERE id < 10")
    made.sql(
        "CREATE TABLE \"s's\" (k int, \"Name %s\" text); INSERT INTO \"s's\" VALUES (0, 'zero'), (1, 'one'), (1, 'uno'), (NULL, 'none')"
    )
    made.sql("ANALYZE")
    yield made
    made.sql(f"DROP SCHEMA {made.schema} CASCADE")


def ran(place: Schema, folder: Path, nodes: str, edges: str, settings: str) -> tuple[Ran, Counter[tuple[str, ...]]]:
    folder.mkdir(exist_ok=True)
    place.sql("DROP TABLE IF EXISTS t")
    done = run(folder, make_pipeline(nodes, edges, settings), more={"db": ("postgres", place.config)})
    rows = done.rows("out.parquet") if "path: out" in nodes else place.sql("SELECT * FROM t")
    return done, Counter(tuple("∅" if value is None else str(value) for value in row) for row in rows)


NODES = {
    "a comparison": ("filter", '{condition: "a > 10 OR b = 0"}'),
    "a pattern": ("filter", "{condition: \"n LIKE '%b%' AND n <> 'abc'\"}"),
    "a flag": ("filter", '{condition: "flag"}'),
    "days": ("filter", "{condition: \"d BETWEEN DATE '2024-03-01' AND DATE '2024-03-10'\"}"),
    "decimals": ("expression", '{columns: [{name: v, expression: "a * b + 1.5"}, {name: w, expression: "ROUND(a, 1)"}]}'),
    "whole division": ("expression", '{columns: [{name: v, expression: "id / 7"}, {name: w, expression: "(0 - id) % 7"}]}'),
    "texts": ("expression", '{columns: [{name: v, expression: "UPPER(n) || \'!\'"}, {name: l, expression: "LENGTH(n)"}]}'),
    "branches": ("expression", "{columns: [{name: v, expression: \"CASE WHEN b > 0 THEN 'p' WHEN b = 0 THEN 'z' END\"}], rename: {n: N}}"),
    "division by zero": ("expression", '{columns: [{name: v, expression: "100 / b"}]}'),
    "bad whole numbers": ("expression", '{columns: [{name: v, expression: "CAST(mixed AS INTEGER)"}]}'),
    "bad days": ("expression", '{columns: [{name: v, expression: "CAST(mixed AS DATE)"}]}'),
    "bad decimals": ("expression", '{columns: [{name: v, expression: "CAST(mixed AS NUMERIC(8, 1))"}]}'),
    "groups": (
        "aggregator",
        "{groupBy: [k, flag], aggregations: [{name: c, function: count}, {name: s, function: sum, column: a},"
        ' {name: m, function: max, column: n}, {name: big, function: count, where: "a > 0"}, {name: u, function: count, column: n,'
        " distinct: true}]}",
    ),
    "one group": ("aggregator", "{groupBy: [], aggregations: [{name: c, function: count}, {name: s, function: sum, column: id}]}"),
    "some groups": ("aggregator", "{groupBy: [k], aggregations: [{name: lo, function: min, column: d}], having: COUNT(*) > 17}"),
    "the first rows": ("sorter", "{by: [{column: n}, {column: id, direction: desc}, {column: ts}], limit: 20}"),
    "one of each": ("deduplicate", "{keys: [k], orderBy: [{column: n, direction: desc}]}"),
    "a window": ("sql", '{query: "SELECT id, sum(a) OVER (PARTITION BY k ORDER BY id, ts) AS r FROM s"}'),
}

# What PostgreSQL reads as a day, or as a time, is more than others do.
HERE = {"bad days"}


@pytest.mark.parametrize("what", NODES)
@pytest.mark.parametrize("into", INTO)
def test_rows_are_those_that_duckdb_gives(place: Schema, tmp_path: Path, what: str, into: str) -> None:
    kind, config = NODES[what]
    nodes = SOURCE + f"    - {{id: it, type: {kind}, config: {config}}}\n" + INTO[into]
    edges = "{from: s, to: it}, {from: it, to: out}"
    there, rows = ran(place, tmp_path / "there", nodes, edges, "  pushDown: {rowThreshold: 1}\n")
    here, expected = ran(place, tmp_path / "here", nodes, edges, "  pushDown: {mode: off}\n")
    assert rows == expected
    fails = bool(here.rejects)
    assert [s.engine for s in there.plan.stages] == ["duckdb" if what in HERE or (fails and into == "files") else "database"]
    assert {node: sorted(map(str, found)) for node, found in there.rejects.items()} == {
        node: sorted(map(str, found)) for node, found in here.rejects.items()
    }
    _same_where_known(there, here)
    if into == "files":
        return
    exact, rows = ran(place, tmp_path / "exact", nodes, edges, "  ledger: exact\n")
    assert rows == expected
    assert exact.figures["it"] == here.figures["it"]


def _same_where_known(there: Ran, here: Ran) -> None:
    for node, figures in there.figures.items():
        known: dict[str, Any] = {**here.figures[node], **here.figures[node]["ledger"]}
        for term, rows in {**figures, **figures["ledger"]}.items():
            if term != "ledger" and rows is not None:
                assert rows == known[term], (node, term)
    # What was written is always known.
    assert there.figures["out"]["rowsIn"] == here.figures["out"]["rowsIn"] is not None


@pytest.mark.parametrize("into", INTO)
def test_a_padded_column_is_a_text_without_its_blanks(place: Schema, tmp_path: Path, into: str) -> None:
    place.sql("DROP TABLE IF EXISTS p; CREATE TABLE p (id int, c char(4), k bpchar)")
    place.sql("INSERT INTO p VALUES (1, 'a', 'x'), (2, 'a ', 'x '), (3, '', ''), (4, NULL, NULL), (5, 'żółw', 'y'), (6, 'ab', 'y')")
    source = "    - {id: s, type: connector_source, config: {connector: db, table: p, where: \"c <> 'ab' AND k LIKE '%'\"}}\n"
    texts = "{columns: [{name: v, expression: \"c || k || '|'\"}, {name: w, expression: LENGTH(c)}, {name: x, expression: \"c = 'a'\"}]}"
    nodes = source + f"    - {{id: texts, type: expression, config: {texts}}}\n" + INTO[into]
    edges = "{from: s, to: texts}, {from: texts, to: out}"
    there, pushed = ran(place, tmp_path / "there", nodes, edges, "  pushDown: {rowThreshold: 0}\n")
    _, here = ran(place, tmp_path / "here", nodes, edges, "  pushDown: {mode: off}\n")
    assert {node.engine for node in there.plan.nodes if node.id == "texts"} == {"database"}
    assert pushed == here and ("2", "a", "x", "ax|", "1", "True") in here


@pytest.mark.parametrize("limit", ["", "rejectLimit: {maxRows: 1000}, "])
def test_rows_that_fail_and_are_skipped_are_left_out_where_they_are(place: Schema, tmp_path: Path, limit: str) -> None:
    made = "{columns: [{name: v, expression: CAST(mixed AS INTEGER)}, {name: w, expression: 100 / b}]}"
    nodes = SOURCE + f"    - {{id: it, type: expression, onError: skip, {limit}config: {made}}}\n"
    nodes += "    - {id: g, type: aggregator, config: {groupBy: [v, w], aggregations: [{name: c, function: count}]}}\n" + INTO["files"]
    edges = "{from: s, to: it}, {from: it, to: g}, {from: g, to: out}"
    there, rows = ran(place, tmp_path / "there", nodes, edges, "  pushDown: {rowThreshold: 1}\n")
    here, expected = ran(place, tmp_path / "here", nodes, edges, "  pushDown: {mode: off}\n")
    assert rows == expected and not there.rejects
    # How many they were is known only where somebody counts them.
    assert [stage.engine for stage in there.plan.stages] == ["duckdb" if limit else "database"]
    _same_where_known(there, here)


def test_a_whole_pipeline_counts_what_costs_nothing_and_leaves_the_rest_open(place: Schema, tmp_path: Path) -> None:
    nodes = SOURCE + '    - {id: names, type: connector_source, config: {connector: db, table: "s\'s"}}\n'
    nodes += '    - {id: f, type: filter, config: {condition: "a > 0"}}\n'
    nodes += "    - {id: j, type: joiner, config: {joinType: LEFT, left: f, right: names, keys: [{left: k, right: k}]}}\n"
    nodes += '    - {id: g, type: aggregator, config: {groupBy: ["Name %s"], aggregations: [{name: c, function: count}]}}\n'
    nodes += "    - {id: h, type: filter, config: {condition: c > 1}}\n" + INTO["db"]
    edges = "{from: s, to: f}, {from: f, to: j}, {from: names, to: j}, {from: j, to: g}, {from: g, to: h}, {from: h, to: out}"
    there, rows = ran(place, tmp_path / "there", nodes, edges, "")
    here, expected = ran(place, tmp_path / "here", nodes, edges, "  pushDown: {mode: off}\n")
    assert rows == expected
    assert [s.engine for s in there.plan.stages] == ["database"]
    _same_where_known(there, here)
    assert there.figures["f"]["rowsOut"] is None
    assert there.figures["g"]["rowsIn"] == here.figures["g"]["rowsIn"] is not None


@pytest.mark.parametrize("ledger", ["auto", "exact"])
def test_two_sinks_of_one_database_share_out_what_was_read_once(place: Schema, tmp_path: Path, ledger: str) -> None:
    place.sql("DROP TABLE IF EXISTS rest CASCADE; CREATE TABLE rest AS SELECT * FROM s WITH NO DATA")
    place.sql("CREATE OR REPLACE VIEW both_of AS SELECT * FROM s UNION ALL SELECT * FROM rest")
    nodes = SOURCE.replace("table: s}", "table: both_of}") + '    - {id: it, type: filter, config: {condition: "b > 0"}}\n' + INTO["db"]
    nodes += "    - {id: others, type: connector_sink, config: {connector: db, table: rest, writeMode: INSERT}}\n"
    edges = "{from: s, to: it}, {from: it, to: out}, {from: it.rejected, to: others}"
    there, rows = ran(place, tmp_path / "there", nodes, edges, f"  ledger: {ledger}\n")
    ((total, kept, left),) = place.sql("SELECT count(*), count(*) FILTER (WHERE b > 0), count(*) FILTER (WHERE b > 0 IS NOT TRUE) FROM s")
    assert (rows.total(), place.sql("SELECT count(*) FROM rest")) == (kept, [(left,)])
    assert (there.figures["s"]["rowsOut"], there.figures["it"]["rowsOut"], there.figures["others"]["rowsInserted"]) == (total, kept, left)
    assert [s.engine for s in there.plan.stages] == ["database"]
