"""Node types through recipes, over the real services: rows as they end up in a database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def recipe(name: str, nodes: str, edges: str, settings: str = "") -> str:
    return f"apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: {name}}}\nspec:\n{settings}  nodes:\n{nodes}  edges: [{edges}]\n"


def read(node: str, query: str, more: str = "", config: str = "") -> str:
    return f'    - {{id: {node}, type: connector_source{more}, config: {{connector: db, query: "{query}"{config}}}}}\n'


def write(node: str, table: str) -> str:
    config = f"{{connector: db, table: {table}, writeMode: OVERWRITE, createTable: true}}"
    return f"    - {{id: {node}, type: connector_sink, config: {config}}}\n"


def ran(stack: Stack, text: str, name: str, status: str = "SUCCEEDED") -> Any:
    stack.apply(text)
    ended = stack.wait(stack.start(name))
    assert ended["status"] == status, ended["error"]
    return ended


def test_master_data_is_there_for_a_source_that_filters_what_it_fetched(stack: Stack) -> None:
    nodes = read("shops", "SELECT 'a' AS shop, 'Lodz' AS town", ", masterData: true")
    query = "SELECT s.n, m.town FROM this s JOIN shops m ON m.shop = s.shop"
    nodes += read(
        "sales", "SELECT i AS n, CASE WHEN i < 3 THEN 'a' ELSE 'b' END AS shop FROM generate_series(1, 5) i", "", f", postQuery: '{query}'"
    )
    ended = ran(stack, recipe("fetched", nodes + write("out", "fetched"), "{from: sales, to: out}"), "fetched")
    assert stack.sql("SELECT n, town FROM fetched ORDER BY n") == [(1, "Lodz"), (2, "Lodz")]
    assert ended["balanced"] is True
    stages = {tuple(stage["nodes"]): stage for stage in ended["stages"] if stage["kind"] == "work"}
    assert stages["shops",]["id"] in stages["sales", "out"]["inputs"]


def test_inputs_with_different_columns_are_paired_and_the_run_says_what_has_no_order(stack: Stack) -> None:
    nodes = read("a", "SELECT i AS n FROM generate_series(1, 3) i") + read("b", "SELECT i * 10 AS m FROM generate_series(1, 2) i")
    ended = ran(stack, recipe("paired", nodes + write("out", "paired"), "{from: a, to: out}, {from: b, to: out}"), "paired")
    assert stack.sql("SELECT a_n, b_m FROM paired ORDER BY a_n") == [(1, 10), (2, 20), (3, None)]
    planned = next(e for e in stack.client.follow(ended["id"], "events") if e["type"] == "run.planned")
    assert any("no order of their own" in warning for warning in planned["data"]["warnings"])


def test_a_statement_that_takes_longer_than_its_node_may_is_stopped_whatever_retries_are_left(stack: Stack) -> None:
    nodes = read("slow", "SELECT 1 AS n, pg_sleep(30)::text AS x", ", timeout: 1, retries: 1, retryDelay: 0")
    ended = ran(stack, recipe("timed", nodes + write("out", "timed"), "{from: slow, to: out, columns: [n]}"), "timed", "FAILED")
    assert (ended["error"]["code"], ended["error"]["node"]) == ("timeout", "slow")
    assert "took longer than the 1 s that node slow may take" in ended["error"]["message"]
    assert next(node for node in ended["nodes"] if node["id"] == "slow")["attempts"] == 1
    assert not stack.sql("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE %s AND state = 'active'", f"penstock/{ended['id']}/%")


def test_a_run_says_that_it_waits_for_a_worker_whose_label_none_carries(stack: Stack) -> None:
    nodes = read("a", "SELECT 1 AS n", ", worker: quantum") + write("out", "labelled")
    stack.apply(recipe("labelled", nodes, "{from: a, to: out}"))
    run = stack.start("labelled")
    waiting = stack.until(lambda: stack.run(run)["waitingFor"], 30, "the run to say what it waits for")
    assert waiting["reason"] == "worker"
    assert "label quantum" in waiting["detail"]
    stack.client.call("POST", f"/runs/{run}/cancel")
    assert stack.wait(run)["status"] == "CANCELLED"


def test_a_run_that_asks_for_more_memory_than_any_slot_has_says_so(stack: Stack) -> None:
    nodes = read("a", "SELECT 1 AS n", ", resources: {memory: 900GB}") + write("out", "huge")
    ended = ran(stack, recipe("huge", nodes, "{from: a, to: out}"), "huge", "FAILED")
    assert "the recipe asks for" in ended["error"]["message"]


def test_one_bad_row_fails_a_node_that_says_so_and_nothing_is_written(stack: Stack) -> None:
    nodes = read("a", "SELECT * FROM (VALUES ('1'), ('x')) AS v (t)")
    nodes += "    - {id: it, type: expression, onError: fail, config: {columns: [{name: n, expression: CAST(t AS INTEGER)}]}}\n"
    ended = ran(stack, recipe("strict", nodes + write("out", "strict"), "{from: a, to: it}, {from: it, to: out}"), "strict", "FAILED")
    assert (ended["error"]["code"], ended["error"]["node"]) == ("too_many_rejects", "it")
    assert stack.sql("SELECT to_regclass('strict') IS NULL") == [(True,)]


def test_calls_are_counted_in_windows_of_time_and_checked_by_named_patterns(stack: Stack) -> None:
    nodes = read(
        "calls",
        "SELECT timestamp '2026-11-21 10:00' + i * interval '1 min' AS at, '44051401359'::text AS pesel FROM generate_series(0, 9) i",
    )
    nodes += "    - {id: good, type: validate, config: {rules: [{name: p, type: REGEX, column: pesel, pattern: PESEL}]}}\n"
    window = "{type: tumbling, size: 5m, timeColumn: at}"
    nodes += f"    - {{id: it, type: aggregator, config: {{window: {window}, aggregations: [{{name: n, function: count}}]}}}}\n"
    edges = "{from: calls, to: good}, {from: good.valid, to: it}, {from: it, to: out}"
    ended = ran(stack, recipe("windows", nodes + write("out", "windows"), edges), "windows")
    assert stack.sql("SELECT window_start::text, n FROM windows ORDER BY 1") == [("2026-11-21 10:00:00", 5), ("2026-11-21 10:05:00", 5)]
    assert ended["balanced"] is True


def test_a_node_shows_its_first_rows_masked_its_columns_and_the_sql_that_ran(stack: Stack) -> None:
    query = (
        "SELECT i AS n, CASE WHEN i = 3 THEN NULL ELSE 'geheim' END AS password, date '2026-01-01' + i AS day FROM generate_series(1, 30) i"
    )
    nodes = read("people", query) + "    - {id: it, type: filter, config: {condition: n > 2}}\n"
    edges = "{from: people, to: it}, {from: it, to: out}"
    ended = ran(stack, recipe("sampled", nodes + write("out", "sampled"), edges, "  staging: all\n"), "sampled")

    def shown() -> Any:
        found = stack.client.call("GET", f"/runs/{ended['id']}/nodes/it")
        return found if found["samples"] else None

    node = stack.until(shown, 20, "the sample to be written")
    assert (node["rowsIn"], node["rowsOut"], node["balanced"], node["engine"]) == (30, 28, True, "duckdb")
    (sample,) = node["samples"]
    assert (sample["port"], len(sample["rows"])) == ("it", 10)
    assert sample["rows"][0] == {"n": 3, "password": None, "day": "2026-01-04"}
    assert sample["rows"][1]["password"] == "***"
    figures = {column["name"]: column for column in sample["profile"]}
    assert (figures["n"]["rows"], figures["n"]["nulls"], figures["n"]["min"], figures["n"]["max"]) == (28, 0, "3", "30")
    assert (figures["password"]["nulls"], figures["password"]["min"]) == (1, "***")
    assert figures["day"]["max"] == "2026-01-31"
    assert any("30" not in one["sql"] and "> 2" in one["sql"] for one in node["sql"])
    assert [attempt["outcome"] for attempt in node["attempts"]] == ["COMPLETED"]
    with pytest.raises(Exception, match="has no node nobody"):
        stack.client.call("GET", f"/runs/{ended['id']}/nodes/nobody")


def test_numbers_that_do_not_say_their_digits_keep_them_wherever_they_are_computed(stack: Stack) -> None:
    stack.sql("DROP TABLE IF EXISTS prices; CREATE TABLE prices (n int, v numeric)")
    stack.sql("INSERT INTO prices VALUES (1, 0.10), (2, 1234567890123456789.25), (3, 0.123456789)")
    columns = "[{name: dearer, expression: v + 1.5}, {name: same, expression: CAST(v AS NUMERIC)},"
    columns += " {name: filled, expression: 'coalesce(v, 0.1)'}]"
    for name, settings in (("inside", ""), ("here", "  pushDown: {mode: 'off'}\n")):
        nodes = "    - {id: a, type: connector_source, config: {connector: db, table: prices}}\n"
        nodes += f"    - {{id: it, type: expression, config: {{columns: {columns}}}}}\n" + write("out", f"prices_{name}")
        nodes += "    - {id: sum, type: aggregator, config: {aggregations: [{name: v, function: sum, column: dearer}]}}\n"
        nodes += write("total", f"total_{name}")
        edges = "{from: a, to: it}, {from: it, to: out}, {from: it, to: sum}, {from: sum, to: total}"
        ran(stack, recipe(name, nodes, edges, settings), name)
        assert stack.sql(f"SELECT n, v, dearer, same, filled FROM prices_{name} ORDER BY n") == [
            (n, Decimal(v), Decimal(v) + Decimal("1.5"), Decimal(v), Decimal(v))
            for n, v in ((1, "0.10"), (2, "1234567890123456789.25"), (3, "0.123456789"))
        ]
        assert stack.sql(f"SELECT v FROM total_{name}") == [(Decimal("1234567890123456793.973456789"),)]
