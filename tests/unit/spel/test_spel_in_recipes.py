"""SpEL where a recipe says `language: spel`: checked at its place, typed by what comes in, run, and its bad rows told."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.datasets import Column
from shared.pipelines.language import read_documents
from shared.pipelines.model import Node, Problem
from shared.pipelines.nodes.expression import compile_expression
from shared.pipelines.nodes.filter import compile_filter
from shared.pipelines.nodes.types import Input
from shared.pipelines.validation import validate
from shared.planning.errors import PlanProblem
from shared.sql.errors import SqlProblem
from tests.support.inprocess import make_pipeline, run

ROWS = "id,name,amount,day\n1,Zażółć,10.5,2024-02-29\n2,,3,2024-01-01\n3,abc,,\n4,x,7,2023-05-05\n"
READ = "    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}"
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}"
FILTER = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: a}
spec:
  nodes:
    - id: f
      type: filter
      config:
        language: spel
        condition: """


def problems(text: str) -> list[Problem]:
    return [problem for problem in validate(read_documents(text)) if problem.code.startswith("invalid_")]


def test_a_filter_and_an_expression_run_and_rows_that_spring_would_raise_for_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    keep = '    - {id: keep, type: filter, config: {language: spel, condition: "id < 4 and (amount == null or amount > 2)"}}'
    computed = """    - id: made
      type: expression
      config:
        language: spel
        keep: listed
        columns:
          - {name: label, expression: "(name ?: 'none') + ' #' + id"}
          - {name: half, expression: "amount / 2"}
          - {name: year, expression: "day.year % 100", type: INTEGER}
          - {name: cents, expression: "T(Math).round(amount * 100)", type: "NUMERIC(8, 1)"}"""
    edges = "{from: read, to: keep}, {from: keep, to: made}, {from: made, to: out}"
    ran = run(tmp_path, make_pipeline("\n".join([READ, keep, computed, OUT]), edges))
    assert ran.rows("out.csv") == [("Zażółć #1", "5.25", "24", "1050.0"), ("none #2", "1.5", "24", "300.0")]
    assert ran.figures["keep"]["ledger"] == {"filtered": 1}
    ((record, message, _),) = ran.rejects["made"]
    assert (record["id"], message) == (3, "half: amount is null, and dividing needs a value")


def test_a_cast_that_fails_rejects_the_row(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,name\n1,12\n2,twelve\n")
    node = "    - {id: made, type: expression, config: {language: spel, columns: [{name: n, expression: 'name + ''0''', type: BIGINT}]}}"
    ran = run(tmp_path, make_pipeline("\n".join([READ, node, OUT]), "{from: read, to: made}, {from: made, to: out}"))
    assert ran.rows("out.csv") == [("1", "12", "120")]
    assert [message for _, message, _ in ran.rejects["made"]] == ["n: cannot read 'twelve0' as BIGINT"]


def test_a_condition_that_fails_lets_no_row_through_by_accident(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,zero\n1,0\n2,1\n")
    node = "    - {id: keep, type: filter, config: {language: spel, condition: '!(id / zero > 5)'}}"
    ran = run(tmp_path, make_pipeline("\n".join([READ, node, OUT]), "{from: read, to: keep}, {from: keep, to: out}"))
    assert ran.rows("out.csv") == [("2", "1")]
    assert [message for _, message, _ in ran.rejects["keep"]] == ["condition: division by zero in id / zero"]


def test_a_column_that_is_not_there_is_charged_to_its_node(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,name\n1,a\n")
    node = "    - {id: keep, type: filter, config: {language: spel, condition: 'nme == ''a'''}}"
    with pytest.raises(PlanProblem, match="node keep: there is no column nme; did you mean name") as refused:
        run(tmp_path, make_pipeline("\n".join([READ, node, OUT]), "{from: read, to: keep}, {from: keep, to: out}"))
    assert refused.value.node == "keep"


@pytest.mark.parametrize("written", ["a > )", "'a == ''x'' and )'", '"a > )"', "|\n          a > 1\n            and )"])
def test_a_mistake_in_spel_is_shown_at_its_character_in_the_file(written: str) -> None:
    text = FILTER + written
    before = text[: text.index(")")]
    (problem,) = problems(text)
    assert (problem.code, problem.node) == ("invalid_spel", "f")
    assert (problem.line, problem.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_a_misspelt_method_is_shown_with_the_right_one() -> None:
    (problem,) = problems(FILTER + "name.startWith('a')")
    assert (problem.line, problem.column, problem.suggestion) == (10, 25, "startsWith")
    assert problem.message == ("'condition' of node 'f' (filter): the method startWith has no form in SQL; did you mean startsWith?")


def test_each_of_several_columns_is_told_of() -> None:
    text = make_pipeline(
        "    - {id: e, type: expression, config: {language: spel, columns: [{name: a, expression: 'x +'}, {name: b, expression: 'y'}, "
        "{name: c, expression: 'z IS NULL'}]}}",
        "",
    )
    assert [problem.path for problem in problems(text)] == [
        "/spec/nodes/0/config/columns/0/expression",
        "/spec/nodes/0/config/columns/2/expression",
    ]


def test_without_a_word_the_language_is_sql_and_a_third_one_is_refused() -> None:
    (sql,) = problems(FILTER.replace("        language: spel\n", "") + "a > ( ? 1")
    assert sql.code == "invalid_sql"
    (choice,) = problems(FILTER.replace("spel", "spell") + "a > 1")
    assert (choice.code, choice.suggestion) == ("invalid_choice", "spel")


def test_reading_spel_costs_little() -> None:
    condition = "name != null and amount > {} and (city == 'Łódź' or T(java.lang.Math).abs(amount) < 7)"
    head = "    - {id: n0, type: connector_source, config: {connector: files, path: a.csv}}"
    nodes = [f'    - {{id: n{at}, type: filter, config: {{language: spel, condition: "{condition.format(at)}"}}}}' for at in range(1, 200)]
    text = make_pipeline("\n".join([head, *nodes]), ", ".join(f"{{from: n{at - 1}, to: n{at}}}" for at in range(1, 200)))
    started = time.process_time()
    assert problems(text) == []
    assert time.process_time() - started < 2.0


SOURCE = Input(
    "s",
    "s",
    (
        Column("amount", "NUMERIC(12, 2)"),
        Column("at", "TIMESTAMP"),
        Column("day", "DATE"),
        Column("tz", "TIMESTAMPTZ"),
        Column("doc", "JSON"),
    ),
)


def made(expression: str, **parameters: object) -> Column:
    config = {"columns": [{"name": "made", "expression": expression}], "language": "spel", "keep": "listed", "drop": [], "rename": {}}
    (column,) = compile_expression(Node("n", "expression", config, parameters=parameters), (SOURCE,)).ports["out"].columns
    return column


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("amount", "NUMERIC(12, 2)"),
        ("amount * 2", "NUMERIC(13, 2)"),
        ("amount + 1", "NUMERIC(13, 2)"),
        ("amount / 3", "NUMERIC(13, 2)"),
        ("amount * 0.5", "NUMERIC(13, 3)"),
        ("amount > 1", "BOOLEAN"),
        ("1 + 1", "BIGINT"),
        ("1 / 2.0", "DOUBLE PRECISION"),
        ("'a' + amount", "TEXT"),
        ("day.plusDays(1)", "DATE"),
        ("day.atStartOfDay()", "TIMESTAMP"),
        ("day.year", "BIGINT"),
        ("doc", "JSON"),
        ("doc == null", "BOOLEAN"),
        ("doc ?: null", "JSON"),
        ("#low", "BIGINT"),
        ("#rate", "DOUBLE PRECISION"),
        ("#since", "DATE"),
        ("at > #moment and tz > #moment", "BOOLEAN"),
        ("#names.contains('a')", "BOOLEAN"),
        ("#nothing == null", "BOOLEAN"),
    ],
)
def test_a_column_has_the_type_of_its_expression(expression: str, kind: str) -> None:
    given = {
        "low": 5,
        "rate": 0.5,
        "since": date(2024, 1, 1),
        "moment": datetime(2024, 1, 1, tzinfo=UTC),
        "names": ["a", "b"],
        "nothing": None,
    }
    assert made(expression, **given).type == kind


def test_a_parameter_that_a_run_does_not_have_is_refused() -> None:
    with pytest.raises(SqlProblem, match="there is no parameter lo; did you mean low"):
        made("amount > #lo", low=1)


def test_what_has_no_known_type_is_passed_on_but_not_computed_with() -> None:
    with pytest.raises(SqlProblem, match="doc is JSON, which has no property a"):
        made("doc.a")
    with pytest.raises(SqlProblem, match="computes with numbers, and doc is JSON"):
        made("doc - 1")


def test_a_condition_that_is_no_truth_is_refused() -> None:
    with pytest.raises(SqlProblem, match=r"gives NUMERIC\(13, 2\), not true or false"):
        compile_filter(Node("n", "filter", {"condition": "amount + 1", "language": "spel"}), (SOURCE,))
