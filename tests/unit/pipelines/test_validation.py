"""Everything that is wrong with a recipe, at its place.

Pairs of recipe and problems are in tests/golden/validation; PENSTOCK_GOLDEN=write writes the problems anew; read them before keeping them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from shared.pipelines.language import read_documents
from shared.pipelines.model import Problem
from shared.pipelines.validation import Known, validate

GOLDEN = Path(__file__).parents[2] / "golden" / "validation"


def problems(text: str, known: Known | None = None) -> list[Problem]:
    return validate(read_documents(text), known)


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_a_recipe_gives_exactly_its_problems(name: str) -> None:
    found = [problem.to_json() for problem in problems((GOLDEN / f"{name}.yaml").read_text())]
    expected = GOLDEN / f"{name}.json"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        expected.write_text("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in found) + "\n]\n" if found else "[]\n")
    assert found == json.loads(expected.read_text())


SAMPLE = Path(__file__).parents[3] / "examples" / "sales" / "daily-sales-load.yaml"


def test_the_sample_recipe_validates_as_it_stands() -> None:
    assert SAMPLE.read_text() == (GOLDEN / "sample_recipe.yaml").read_text()
    found = problems(SAMPLE.read_text())
    assert not [problem for problem in found if problem.severity == "error"]
    connectors = [problem.node for problem in found if problem.code == "unknown_connector"]
    assert connectors == ["read-oracle", "write-snowflake"]


def test_the_sample_recipe_is_the_text_of_the_seed_with_its_indentation_restored() -> None:
    lines = [line.strip() for line in SAMPLE.read_text().splitlines()]
    assert (lines[0], lines[-1], len(lines)) == ("apiVersion: dataflow.polkomtel.com/v1", "to: write-snowflake", 43)
    node = read_documents(SAMPLE.read_text())[0].tree["spec"]["nodes"][2]
    assert node["config"] == {"connector": "snowflake-dw", "table": "FACT_SALES", "writeMode": "UPSERT", "upsertKeys": ["sale_id"]}


def test_a_connector_that_is_not_there_is_an_error_once_a_run_is_asked_for() -> None:
    text = (GOLDEN / "good.yaml").read_text().split("---")[0]
    connectors = {"default/landing": ("files", {}), "default/warehouse": ("postgres", {})}
    rule_sets = {"default/checks"}
    assert problems(text, Known(connectors, rule_sets, require_connectors=True)) == []
    assert {(p.code, p.severity) for p in problems(text, Known(rule_sets=rule_sets))} == {("unknown_connector", "warning")}
    assert {(p.code, p.severity) for p in problems(text, Known(rule_sets=rule_sets, require_connectors=True))} == {
        ("unknown_connector", "error")
    }


def test_the_same_recipe_as_json_has_the_same_problems() -> None:
    text = (GOLDEN / "cycle.yaml").read_text().split("---")[0]
    as_json = json.dumps(read_documents(text)[0].tree, indent="\t")
    assert [(p.code, p.path) for p in problems(as_json)] == [(p.code, p.path) for p in problems(text)]


def test_what_could_not_be_read_is_not_judged_again() -> None:
    (problem,) = problems(
        "apiVersion: penstock/v1\nkind: Connector\nmetadata: {name: a}\nspec: {type: postgres, credential: a, config: {port: {{port}}}}\n"
    )
    assert problem.code == "template_not_quoted"


SQL_RECIPE = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: a}
spec:
  nodes:
    - id: f
      type: filter
      config:
        condition: """


@pytest.mark.parametrize(
    "written",
    ["a > )", "'a = ''x'' AND )'", '"a > )"', "|\n          a > 1\n            AND )", "|-\n\n          a > 1\n          AND )\n"],
)
def test_an_error_in_sql_is_shown_at_its_character_in_the_file(written: str) -> None:
    text = SQL_RECIPE + written
    before = text[: text.index(")")]
    (problem,) = [problem for problem in problems(text) if problem.code == "invalid_sql"]
    assert (problem.line, problem.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize("written", [">\n          a >\n          )", '"a \\x3e )"', "|2\n          a > )", "a >\n          )"])
def test_where_the_writing_hides_the_character_an_error_in_sql_is_shown_at_the_value(written: str) -> None:
    (problem,) = [problem for problem in problems(SQL_RECIPE + written) if problem.code == "invalid_sql"]
    assert (problem.line, problem.column) == (9, 20)


def big(nodes: int) -> str:
    spec = ["apiVersion: penstock/v1", "kind: Pipeline", "metadata: {name: big}", "spec:", "  nodes:"]
    spec.append("    - {id: n0, type: connector_source, config: {connector: c, path: a.csv}}")
    spec += [f"    - {{id: n{at}, type: filter, config: {{condition: \"a > {at} AND b <> 'x{at}'\"}}}}" for at in range(1, nodes)]
    return "\n".join([*spec, "  edges:", *(f"    - {{from: n{at - 1}, to: n{at}}}" for at in range(1, nodes))])


def test_two_hundred_nodes_are_validated_within_a_tenth_of_a_second() -> None:
    documents = read_documents(big(200))
    assert {problem.code for problem in validate(documents)} == {"unknown_connector", "no_sink"}
    taken = []
    for _ in range(5):
        start = time.process_time()
        validate(read_documents(big(200)))
        taken.append(time.process_time() - start)
    # Coverage measures every line, which costs several times the work itself.
    assert min(taken) < (0.1 if sys.gettrace() is None else 1.0)


def test_a_large_text_of_wrong_words_costs_seconds_not_minutes() -> None:
    text = big(2000).replace("from: n", "from: m").replace("to: n", "to: k")
    start = time.process_time()
    assert len(problems(text)) > 2000
    assert time.process_time() - start < 20


SCHEDULED = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: a}
spec:
  schedule: %s
  calendar: %s
  nodes: [{id: r, type: connector_source, config: {connector: c, path: p}}]
"""


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("0 2 * *", "has 4 fields; cron has five"),
        ("61 * * * *", "cannot read the minute"),
        ("0 0 31 4,6,9,11 *", "never fires"),
        ("0 0 30 FEB *", "never fires"),
        ("0 0 1 13 *", "cannot read the month"),
        ("0 0 */0 * *", "cannot read the day-of-month"),
        ("'@fortnightly'", "no shortcut; there is @hourly"),
        ("0 2 25 12 * !PL_HOLIDAY", "never fires; all its days are public holidays"),
        ("0 2 * * * !QQ_HOLIDAY", "no public holidays are known for QQ"),
        ("'!PL_HOLIDAY 0 2 * * *'", "come after the cron fields"),
        ("0 2 * * * !Trading_Days", "neither !XX_HOLIDAY"),
        ("''", "has 0 fields"),
    ],
)
def test_a_schedule_that_cannot_be_meant_says_why(schedule: str, says: str) -> None:
    (problem,) = [
        problem for problem in problems(SCHEDULED % (schedule, "x")) if problem.path == "/spec/schedule" and problem.severity == "error"
    ]
    assert (problem.code, problem.line, problem.column) == ("invalid_setting", 5, 13)
    assert says in problem.message


@pytest.mark.parametrize(
    "schedule",
    ["0 2 * * 1-5", "'@daily'", "0 0 29 2 *", "'*/5 8-18 * JAN-MAR MON,FRI'", "0 2 * * 1-5 !PL_HOLIDAY !DE_HOLIDAY", "0 0 L * *"],
)
def test_a_schedule_that_fires_is_right(schedule: str) -> None:
    assert {problem.code for problem in problems(SCHEDULED % (schedule, "x"))} == {"unknown_calendar", "unknown_connector", "no_sink"}


def test_calendars_that_do_not_exist_are_told_with_the_nearest_one() -> None:
    text = SCHEDULED % ("0 2 * * * !trading-dayz", "sales/holidays")
    found = [problem for problem in problems(text, Known(calendars={"default/trading-days"})) if problem.code == "unknown_calendar"]
    assert [(problem.path, problem.suggestion, problem.severity) for problem in found] == [
        ("/spec/schedule", "default/trading-days", "warning"),
        ("/spec/calendar", None, "warning"),
    ]
    calendar = "---\napiVersion: penstock/v1\nkind: Calendar\nmetadata: {name: trading-dayz}\nspec: {countries: [PL]}\n"
    assert [problem.path for problem in problems(text + calendar) if problem.code == "unknown_calendar"] == ["/spec/calendar"]


def test_an_edge_to_nowhere_hides_neither_nodes_without_edges_nor_ports_that_are_not_there() -> None:
    text = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: a}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: c, path: p}}
    - {id: keep, type: filter, config: {condition: "a >"}}
    - {id: lonely, type: filter, config: {condition: a > 1}}
  edges:
    - {from: read, to: keep}
    - {from: keep.rejectd, to: xyzzy}
"""
    found = {(problem.code, problem.line) for problem in problems(text) if problem.severity == "error"}
    assert found == {("invalid_sql", 7), ("disconnected_node", 8), ("unknown_port", 11), ("unknown_node", 11)}
