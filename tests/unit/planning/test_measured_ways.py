"""Earlier runs say where a piece runs, where they went both ways and one was clearly the faster."""

from __future__ import annotations

from typing import Any

import pytest

from shared.pipelines.model import Pipeline
from shared.planning.fingerprint import fingerprint
from shared.planning.make import plan
from shared.planning.measured import measured_facts
from shared.planning.stages import Plan
from tests.unit.planning.test_places import ALL, EDGES, FILTER, LINE, SALES, TOTALS, TYPES, facts_of, read, sink

OFF = "  pushDown: {mode: off}\n"


def measures(recipe: Pipeline) -> dict[str, Any]:
    """As what the time of the one stage is kept."""
    (stage,) = plan(recipe, facts_of(recipe), TYPES).stages
    found: dict[str, Any] = stage.program["measures"]
    return found


def after(nodes: str, edges: str, settings: str = "", *, ruled: float, other: float, other_settings: str = OFF, times: int = 2) -> Plan:
    """The plan after the recipe took so many seconds as its settings say, and so many with others."""
    recipe = read(nodes, edges, settings)
    names = [measures(read(nodes, edges, each))["name"] for each in (settings, other_settings)]
    took = {name: {"seconds": seconds, "rows": 1000, "times": times} for name, seconds in zip(names, (ruled, other), strict=True)}
    return plan(recipe, {**facts_of(recipe), **measured_facts(recipe, took)}, TYPES)


def told(made: Plan) -> str:
    return next(why for why in made.stages[0].why if why.startswith("measured: "))


def test_a_piece_that_was_faster_read_out_is_read_out() -> None:
    made = after(ALL + sink(), EDGES, ruled=3.0, other=1.0)
    assert made.stages[0].engine == "duckdb"
    assert told(made) == (
        "measured: 3.00 s for about 1000 rows in default/pg; 1.00 s for about 1000 rows read out on duckdb,"
        " which is 3.0 times faster for each row and taken"
    )
    assert {node.local for node in made.nodes if node.local} == {told(made)}


@pytest.mark.parametrize(
    ("ruled", "other", "verdict"),
    [(1.4, 1.0, "1.4 times faster"), (0.2, 0.01, "20.0 times faster"), (1.0, 2.0, "2.0 times slower")],
)
def test_what_is_not_faster_by_much_is_told_and_not_taken(ruled: float, other: float, verdict: str) -> None:
    made = after(ALL + sink(), EDGES, ruled=ruled, other=other)
    assert made.stages[0].engine == "database"
    assert told(made).endswith(f"which is {verdict} for each row and not taken")


def test_what_ran_once_only_is_not_left_yet() -> None:
    made = after(ALL + sink(), EDGES, ruled=3.0, other=1.0, times=1)
    assert made.stages[0].engine == "database" and told(made).endswith("not taken")


def test_below_the_threshold_what_was_faster_in_the_database_goes_there() -> None:
    nodes = SALES + FILTER + TOTALS + sink("files")
    small = "  pushDown: {rowThreshold: 9000000}\n"
    made = after(nodes, LINE, small, ruled=3.0, other=1.0, other_settings="  pushDown: {mode: require}\n")
    assert made.stages[0].engine == "database"
    assert "rows on duckdb after totals in default/pg, which is 3.0 times faster" in told(made)


def test_a_way_that_was_never_measured_changes_nothing() -> None:
    recipe = read(ALL + sink(), EDGES)
    alone = measures(read(ALL + sink(), EDGES, OFF))
    assert measured_facts(recipe, {alone["name"]: {"seconds": 0.1, "rows": 10, "times": 2}}) == {}
    facts = facts_of(recipe) | {alone["key"]: {alone["name"]: {"seconds": 0.1, "rows": 10, "times": 2}}}
    assert plan(recipe, facts, TYPES) == plan(recipe, facts_of(recipe), TYPES)


@pytest.mark.parametrize("mode", ["require", "off"])
def test_who_says_where_it_runs_is_obeyed(mode: str) -> None:
    settings = f"  pushDown: {{mode: {mode}}}\n"
    other = OFF if mode == "require" else ""
    made = after(ALL + sink(), EDGES, settings, ruled=9.0, other=1.0, other_settings=other)
    assert made.stages[0].engine == ("database" if mode == "require" else "duckdb")


def test_another_value_in_a_condition_is_the_same_piece_and_another_column_is_not() -> None:
    def name(condition: str) -> str:
        nodes = SALES + f'    - {{id: big, type: filter, config: {{condition: "{condition}"}}}}\n' + TOTALS + sink()
        return str(measures(read(nodes, LINE))["name"])

    assert name("amount > 10 AND note <> '2026-01-01'") == name("amount > 250.5 AND note <> 'it''s'")
    assert name("amount > 10") != name("id > 10")


def test_nothing_is_measured_where_no_database_is_read_or_nobody_knows_how_many_rows_come_in() -> None:
    files = "    - {id: sales, type: connector_source, config: {connector: files, path: sales.parquet}}\n"
    for nodes, rows in ((files + TOTALS + sink(), 5), (SALES + TOTALS + sink(), None)):
        recipe = read(nodes, "{from: sales, to: totals}, {from: totals, to: out}")
        assert plan(recipe, facts_of(recipe, rows), TYPES).stages[0].program["measures"] == {}


def test_a_fingerprint_holds_where_it_runs_and_not_what_was_measured() -> None:
    recipe = read(ALL + sink(), EDGES)

    def of(ruled: float, other: float) -> str:
        names = [measures(read(ALL + sink(), EDGES, each))["name"] for each in ("", OFF)]
        took = {name: {"seconds": seconds, "rows": 10, "times": 2} for name, seconds in zip(names, (ruled, other), strict=True)}
        facts = {**facts_of(recipe), **measured_facts(recipe, took)}
        return fingerprint(plan(recipe, facts, TYPES), "sha", {}, facts)

    assert of(1.0, 1.0) == of(1.0, 2.0) == fingerprint(plan(recipe, facts_of(recipe), TYPES), "sha", {}, facts_of(recipe))
    assert of(1.0, 1.0) != of(3.0, 1.0)
