"""processingMode chooses an engine node by node, cuts where it changes, and refuses what a forced engine does not know."""

from __future__ import annotations

import re

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.validation import Known, validate
from shared.planning.errors import PlanProblem
from shared.planning.make import plan
from shared.planning.stages import Plan
from tests.support.inprocess import make_pipeline

SOURCES = (
    "    - {id: few, type: connector_source, config: {connector: files, path: few.csv}}\n"
    "    - {id: many, type: connector_source, config: {connector: files, path: many.csv}}\n"
)
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"


def planned(mode: str, nodes: str, edges: str, *, rows: tuple[int | None, int | None] = (10, 5_000_000)) -> Plan:
    recipe = pipeline(read_documents(make_pipeline(SOURCES + nodes + OUT, edges, f"  processingMode: {mode}\n"))[0])
    columns = [["id", "BIGINT", True], ["name", "TEXT", True], ["at", "TIMESTAMP", True]]
    facts = {
        f'default/files:source:{{"path": "{name}.csv"}}': {"exists": True, "columns": columns, "rows": count}
        for name, count in zip(("few", "many"), rows, strict=True)
    }
    return plan(recipe, facts, {"default/files": "files"}, pandas_rows=1000)


def stages(made: Plan) -> list[tuple[str | None, set[str]]]:
    return [(stage.engine, set(stage.nodes)) for stage in made.stages]


UNION = "    - {id: all, type: union}\n"
TO_ALL = "{from: few, to: all}, {from: many, to: all}"


def test_a_forced_engine_gets_everything() -> None:
    for mode in ("pandas", "dask", "duckdb"):
        made = planned(mode, UNION, f"{TO_ALL}, {{from: all, to: out}}")
        assert stages(made) == [(mode, {"few", "many", "all", "out"})]
        assert f"{mode}: processingMode says so" in made.stages[0].why


def test_dataframe_takes_pandas_for_few_rows_and_dask_for_many_node_by_node() -> None:
    keep = "    - {id: keep, type: filter, config: {condition: id > 1}}\n"
    made = planned("dataframe", UNION + keep, "{from: few, to: keep}, {from: keep, to: all}, {from: many, to: all}, {from: all, to: out}")
    assert stages(made) == [("pandas", {"few", "keep"}), ("dask", {"many"}), ("dask", {"all", "out"})]
    assert "dask: more than 1000 rows come in" in made.stages[2].why


def test_dataframe_takes_dask_where_nobody_knows_how_many_rows_there_are() -> None:
    made = planned("dataframe", UNION, f"{TO_ALL}, {{from: all, to: out}}", rows=(10, None))
    assert stages(made)[-1] == ("dask", {"all", "out"})
    assert "dask: how many rows come in is not known" in made.stages[-1].why


def test_a_persons_own_query_runs_on_duckdb_between_two_stages_of_frames() -> None:
    query = "    - {id: q, type: sql, config: {query: 'SELECT few.id FROM few JOIN many ON few.id = many.id'}}\n"
    made = planned("pandas", query, "{from: few, to: q}, {from: many, to: q}, {from: q, to: out}")
    assert stages(made) == [("pandas", {"few"}), ("pandas", {"many"}), ("duckdb", {"q"}), ("pandas", {"out"})]
    assert any(why.startswith("duckdb: q is a query of its own") for why in made.stages[2].why)


def test_a_way_around_another_engine_makes_no_circle_of_stages() -> None:
    function = "    - {id: change, type: python, config: {function: 'def f(t): return t'}}\n"
    made = planned(
        "duckdb", function + UNION, "{from: few, to: change}, {from: few, to: all}, {from: change, to: all}, {from: all, to: out}"
    )
    assert stages(made)[0][1] == {"few"}
    assert all(before < stage.id for stage in made.stages for before in stage.inputs)
    assert ("python", {"change"}) in stages(made)


def test_functions_side_by_side_are_stages_of_their_own() -> None:
    functions = "".join(f"    - {{id: f{at}, type: python, config: {{function: 'def f(t): return t'}}}}\n" for at in (1, 2))
    made = planned("auto", functions, "{from: few, to: f1}, {from: f1, to: f2}, {from: f2, to: out}")
    found = [stage for stage in stages(made) if stage[1] != {"many"}]
    assert found == [("duckdb", {"few"}), ("python", {"f1"}), ("python", {"f2"}), ("duckdb", {"out"})]


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("md5(name)", "MD5"),
        ("extract(epoch FROM at)", "EPOCH"),
        ("name LIKE lower(name)", "LIKE"),
        ("substring(name, 0, 2)", "SUBSTRING"),
        ("CAST(name AS TIME)", "TIME"),
        ("CAST(name AS NUMERIC)", "DECIMAL"),
        ("name SIMILAR TO 'a'", "SIMILAR"),
        ("at + CAST(name AS INTERVAL)", "INTERVAL"),
    ],
)
def test_what_a_forced_engine_does_not_know_is_refused_by_name(expression: str, named: str) -> None:
    node = f'    - {{id: e, type: expression, config: {{columns: [{{name: v, expression: "{expression}"}}]}}}}\n'
    with pytest.raises(PlanProblem, match=re.compile(f"{named}.*is not there in processingMode pandas", re.DOTALL)) as refused:
        planned("pandas", node, "{from: few, to: e}, {from: e, to: out}")
    assert refused.value.node == "e"
    assert planned("duckdb", node, "{from: few, to: e}, {from: e, to: out}").stages


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("def f(t:", "no Python in line 1"),
        ("x = 1", "there is none"),
        ("def a(t): pass\\ndef b(t): pass", "there is a, b"),
    ],
)
def test_what_is_no_function_is_told_when_the_recipe_is_written(function: str, said: str) -> None:
    node = f'    - {{id: f, type: python, config: {{function: "{function}"}}}}\n'
    text = make_pipeline(SOURCES + node + OUT, "{from: few, to: f}, {from: many, to: f}, {from: f, to: out}")
    found = validate(read_documents(text), Known({"default/files": ("files", {"root": "/data"})}))
    assert [said in problem.message for problem in found if problem.node == "f"] == [True]
