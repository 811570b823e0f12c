"""Plans made without anybody having looked, what they depend on, and the statements they show."""

from __future__ import annotations

from typing import Any

import pytest
from sqlglot import exp, parse_one

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.planning.assume import assumed
from shared.planning.errors import PlanProblem
from shared.planning.fingerprint import fingerprint
from shared.planning.make import plan
from shared.planning.needs import needs
from shared.planning.reasons import reasons
from shared.planning.shown import shown
from shared.sql.writes import writes
from tests.support.inprocess import make_pipeline

TYPES = {"default/ora": "oracle", "default/files": "files", "default/pg": "postgres"}
ORDERS = "    - {id: orders, type: connector_source, config: {connector: ora, table: ORDERS}}\n"
SHOPS = "    - {id: shops, type: connector_source, config: {connector: files, path: shops.csv}}\n"


def sink(settings: str = "table: t, writeMode: INSERT, createTable: true") -> str:
    return f"    - {{id: out, type: connector_sink, config: {{connector: pg, {settings}}}}}\n"


def read(nodes: str, edges: str) -> Pipeline:
    return pipeline(read_documents(make_pipeline(nodes, edges))[0])


def columns(recipe: Pipeline) -> dict[str, set[str]]:
    """What is taken for granted of each source."""
    known = assumed(recipe, {}, TYPES)
    return {
        node: {c[0] for c in known[need.key]["columns"]} for need in needs(recipe, TYPES) for node in need.nodes if need.role == "source"
    }


def test_a_source_has_the_columns_that_the_recipe_names_as_its_database_spells_them() -> None:
    nodes = ORDERS + "    - {id: e, type: expression, config: {columns: [{name: gross, expression: net * 1.23}]}}\n"
    nodes += "    - {id: by, type: aggregator, config: {groupBy: [Region], aggregations: [{name: s, function: sum, column: gross}]}}\n"
    assert columns(read(nodes + sink(), "{from: orders, to: e}, {from: e, to: by}, {from: by, to: out}")) == {"orders": {"NET", "REGION"}}


def test_a_column_of_a_join_is_taken_to_be_where_the_recipe_looks_for_it() -> None:
    nodes = ORDERS + SHOPS
    nodes += "    - {id: j, type: joiner, config: {joinType: LEFT, left: orders, right: shops, keys: [{left: shop, right: code}]}}\n"
    nodes += '    - {id: f, type: filter, config: {condition: "amount > 0"}}\n'
    edges = "{from: orders, to: j}, {from: shops, to: j}, {from: j, to: f}, {from: f, to: out}"
    assert columns(read(nodes + sink(), edges)) == {"orders": {"SHOP", "AMOUNT"}, "shops": {"code"}}


def test_columns_and_types_that_a_source_names_are_its_own() -> None:
    source = "    - {id: shops, type: connector_source, config: {connector: files, path: s.csv, schema: {code: TEXT, size: BIGINT}}}\n"
    recipe = read(source + sink(), "{from: shops, to: out}")
    made = shown(recipe, plan(recipe, assumed(recipe, {}, TYPES), TYPES), assumed(recipe, {}, TYPES), TYPES)
    (read_, *_) = made["stages"][0]["statements"]
    assert read_["columns"] == ["code", "size"]


def test_a_column_has_the_type_of_what_it_is_compared_with() -> None:
    compared = "status <> 'TEST' AND amount >= 10 AND 1.5 < price AND (code = 1 OR code = 'a') AND other IS NOT NULL"
    recipe = read(
        ORDERS + f'    - {{id: f, type: filter, config: {{condition: "{compared}"}}}}\n' + sink(),
        "{from: orders, to: f}, {from: f, to: out}",
    )
    (found,) = (one["columns"] for one in assumed(recipe, {}, TYPES).values() if one["columns"])
    assert {name: kind for name, kind, _ in found} == {
        "STATUS": "TEXT",
        "AMOUNT": "BIGINT",
        "PRICE": "NUMERIC",
        "CODE": "UNKNOWN",
        "OTHER": "UNKNOWN",
    }


def test_a_mistake_that_no_column_would_mend_is_told() -> None:
    nodes = ORDERS + "    - {id: j, type: joiner, config: {joinType: LEFT, left: orders, right: gone, keys: [{left: a, right: b}]}}\n"
    edges = "{from: orders, to: j}, {from: shops, to: j}, {from: j, to: out}"
    with pytest.raises(PlanProblem, match="gone"):
        assumed(read(nodes + SHOPS + sink(), edges), {}, TYPES)


def known(recipe: Pipeline, **of_source: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for need in needs(recipe, TYPES):
        facts[need.key] = {
            "exists": True,
            "columns": [["ID", "BIGINT", False], ["N", "TEXT", True]],
            "rows": 10,
            "keys": [["ID"]],
            "marker": "a",
            "version": "1",
            "sizeBytes": 1,
        }
        facts[need.key] |= of_source if need.role == "source" else {}
    return facts


def test_a_fingerprint_changes_with_what_a_plan_is_made_of_and_with_nothing_else() -> None:
    recipe = read(ORDERS + sink(), "{from: orders, to: out}")

    def of(sha: str = "s", parameters: Any = (), **source: Any) -> str:
        facts = known(recipe, **source)
        return fingerprint(plan(recipe, facts, TYPES), sha, dict(parameters), facts)

    assert of() == of(rows=99, marker="b", sizeBytes=7)
    others = {of(sha="t"), of(parameters={"day": 1}), of(version="2"), of(columns=[["ID", "BIGINT", False], ["N", "DATE", True]])}
    assert len(others | {of()}) == 5


def test_an_upsert_into_postgresql_is_shown_as_it_is_said() -> None:
    recipe = read(ORDERS + sink("table: s.t, writeMode: UPSERT, upsertKeys: [id]"), "{from: orders, to: out}")
    facts = known(recipe)
    made = shown(recipe, plan(recipe, facts, TYPES), facts, TYPES)
    said = [s["sql"] for s in made["stages"][0]["statements"] if s["does"] == "write"]
    assert said[0].startswith('CREATE TEMP TABLE "penstock_staged" ON COMMIT DROP AS SELECT "ID", "N" FROM "s"."t"')
    assert any('ON CONFLICT ("ID") DO UPDATE SET "N" = excluded."N"' in one for one in said)


def test_a_name_that_could_be_two_columns_is_refused() -> None:
    recipe = read(ORDERS + sink("table: t, writeMode: UPSERT, upsertKeys: [id]"), "{from: orders, to: out}")
    facts = known(recipe, columns=[["Id", "BIGINT", False], ["ID", "TEXT", True]])
    with pytest.raises(PlanProblem, match="id could be either"):
        plan(recipe, facts, TYPES)


@pytest.mark.parametrize("dialect", ["oracle", "snowflake", "postgres", "tsql"])
@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_statements_that_write_can_be_read_in_their_dialect(dialect: str, mode: str) -> None:
    name = 'o\'clock; DROP "x" --'
    for statement in writes(dialect, f"S.{name}", ["ID", name], mode, ["ID"], [(name, "asc")]):
        tree = parse_one(statement, dialect=dialect)
        assert name in {identifier.name for identifier in tree.find_all(exp.Identifier)}


def test_each_node_says_in_one_sentence_why_it_is_computed_there() -> None:
    nodes = "    - {id: read, type: connector_source, config: {connector: pg, table: t}}\n"
    nodes += '    - {id: big, type: filter, config: {condition: "id > 1"}}\n'
    edges = "{from: read, to: big}, {from: big, to: out}"

    def told(settings: str, writes: str) -> dict[str, str | None]:
        recipe = pipeline(read_documents(make_pipeline(nodes + writes, edges).replace("spec:", f"spec:\n{settings}", 1))[0])
        return reasons(plan(recipe, assumed(recipe, {}, TYPES), TYPES))

    to_files = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"
    whole = "sources and sinks are all in default/pg"
    assert told("", sink()) == {"read": whole, "big": whole, "out": whole}
    assert told("  pushDown: {mode: 'off'}", sink())["big"] == "pushDown.mode is off"
    assert told("  pushDown: {mode: 'off'}", to_files)["read"] == "the default engine for what is not in one database"
    computed = "computed in default/pg, since nobody knows how many rows come in; what leaves is its result"
    assert told("", to_files)["big"] == computed
    assert told("", to_files)["read"] == f"big: {computed}"


def test_the_time_of_a_write_is_among_what_is_written_and_what_is_refused_is_told() -> None:
    nodes = '    - {id: s, type: connector_source, config: {connector: pg, query: "SELECT 1 AS id"}}\n'
    into = sink("table: t, writeMode: UPSERT, upsertKeys: [id], createTable: true, updatedAtColumn: changed")
    recipe = read(nodes + into, "{from: s, to: out}")
    facts = assumed(recipe, {}, TYPES)
    said = shown(recipe, plan(recipe, facts, TYPES), facts, TYPES, [])
    assert "changed" in str([one["sql"] for stage in said["stages"] for one in stage["statements"] if one["node"] == "out"])
    elsewhere = TYPES | {"default/pg": "oracle"}
    with pytest.raises(PlanProblem, match="updatedAtColumn cannot be filled in Oracle"):
        plan(recipe, assumed(recipe, {}, elsewhere), elsewhere)
