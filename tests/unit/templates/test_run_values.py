"""The values of one run: parameters checked, templates computed once, and both put where they belong."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.pipelines.language import RunValues, Unsettled, filled, needs_values, pipeline, read_documents, settle, zone_of
from shared.pipelines.language.templates import Moment
from shared.pipelines.model import Document, Problem
from shared.pipelines.validation import Known, filled_document, validate
from shared.pipelines.value_types import NotOfType, Type, from_text
from shared.sql.table_names import split

WARSAW = ZoneInfo("Europe/Warsaw")
KNOWN = Known({"default/files": ("files", {}), "default/db": ("postgres", {})}, require_connectors=True)
HEAD = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"
NODES = """  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: "in/{{day}}/*.csv"}}
    - {id: keep, type: filter, config: {condition: "d = {{day}} AND n < {{most}} AND s IN {{names}}"}}
    - {id: sort, type: sorter, config: {by: [{column: "{{by}}"}], limit: "{{most}}"}}
    - {id: write, type: connector_sink, config: {connector: files, path: "out/{{by}}.csv", writeMode: OVERWRITE, batchSize: "{{most}}"}}
  edges: [{from: read, to: keep}, {from: keep, to: sort}, {from: sort, to: write}]
"""
PARAMETERS = """  parameters:
    - {name: day, type: date, default: "{{yesterday}}"}
    - {name: most, type: integer, default: 10}
    - {name: names, type: list, default: [a]}
    - {name: by, type: string, required: true}
    - {name: share, type: number}
    - {name: at, type: timestamp, default: "{{day}}T06:00"}
    - {name: label, type: string, default: "{{day}}"}
    - {name: loud, type: boolean}
"""


def document(text: str) -> Document:
    return read_documents(text)[0]


def settled(text: str, environment: dict[str, str] | None = None, logical: str = "2026-03-29T10:00:00+00:00", **given: Any) -> RunValues:
    of = document(text)
    at = datetime.fromisoformat(logical)
    return settle(of, given, Moment("01a1", at, at, zone_of(of)), environment or {})


def told(text: str, **given: Any) -> list[Problem]:
    with pytest.raises(Unsettled) as refused:
        settled(text, **given)
    return refused.value.problems


def test_defaults_are_computed_and_see_the_parameters_before_them() -> None:
    values = settled(HEAD + PARAMETERS + NODES, by="id")
    assert values.parameters == {
        "day": date(2026, 3, 28),
        "most": 10,
        "names": ["a"],
        "by": "id",
        "share": None,
        "at": datetime(2026, 3, 28, 6, tzinfo=WARSAW),
        "label": "2026-03-28",
        "loud": None,
    }


def test_values_survive_being_stored() -> None:
    values = settled(HEAD + PARAMETERS + NODES, by="id", share=1, loud=False, at="2026-10-25T02:30:00+01:00")
    again = RunValues.from_json(values.to_json())
    assert again == values
    assert again.key == values.key
    assert values.plain_parameters()["at"] == "2026-10-25T02:30:00+01:00"
    assert isinstance(again.parameters["share"], float)


# given -> the parameter that is told of, words
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "misspelt": ({"by": "id", "moost": 1}, "moost", "did you mean 'most'?"),
    "required": ({}, "by", "is required"),
    "null for required": ({"by": None}, "by", "is required"),
    "text for a number": ({"by": "id", "most": "10"}, "most", "must be a whole number"),
    "true for a number": ({"by": "id", "most": True}, "most", "must be a whole number"),
    "a fraction": ({"by": "id", "most": 1.5}, "most", "must be a whole number"),
    "65 bits": ({"by": "id", "most": 2**63}, "most", "64 bits"),
    "infinite": ({"by": "id", "share": float("inf")}, "share", "finite"),
    "enormous": ({"by": "id", "share": 10**400}, "share", "finite"),
    "a number for text": ({"by": 7}, "by", "must be text"),
    "NUL": ({"by": "a\0"}, "by", "NUL"),
    "half a character": ({"by": "\ud800"}, "by", "surrogate"),
    "no such day": ({"by": "id", "day": "2026-02-29"}, "day", "must be a date such as 2026-03-29"),
    "another spelling of a day": ({"by": "id", "day": "20260301"}, "day", "must be a date"),
    "no time": ({"by": "id", "at": "2026-03-29"}, "at", "must be a timestamp"),
    "a word for true": ({"by": "id", "loud": "yes"}, "loud", "must be true or false"),
    "no list": ({"by": "id", "names": "a,b"}, "names", "must be a list"),
    "a list of lists": ({"by": "id", "names": [["a"]]}, "names", "must be a list of texts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_given_wrong_is_told_by_the_parameters_name(case: str) -> None:
    given, name, words = REFUSED[case]
    (problem,) = told(HEAD + PARAMETERS + NODES, **given)
    assert problem.path == f"/parameters/{name}"
    assert words in problem.message


def test_everything_wrong_is_told_at_once() -> None:
    assert [problem.path for problem in told(HEAD + PARAMETERS + NODES, most="x", day=1, extra=2)] == [
        "/parameters/extra", "/parameters/day", "/parameters/most", "/parameters/by",
    ]  # fmt: skip


def test_a_filled_recipe_has_the_values_in_their_places() -> None:
    text = HEAD + PARAMETERS + NODES
    values = settled(text, by="a*b", names=["x", "y'"], most=3, day="2026-01-02")
    made = filled(document(text), values)
    assert [problem for problem in validate([made], KNOWN) if problem.severity == "error"] == []
    recipe = pipeline(made)
    config = {node.id: node.config for node in recipe.nodes}
    assert config["read"]["path"] == "in/2026-01-02/*.csv"
    assert config["keep"]["condition"] == "d = CAST('2026-01-02' AS DATE) AND n < 3 AND s IN ('x', 'y''')"
    assert (config["sort"]["limit"], config["sort"]["by"][0]["column"]) == (3, "a*b")
    assert (config["write"]["path"], config["write"]["batchSize"]) == ("out/a*b.csv", 3)
    assert recipe.node("keep").parameters["names"] == ["x", "y'"]


def test_signs_of_a_value_find_no_other_files() -> None:
    text = (
        HEAD + '  parameters: [{name: f}]\n  nodes:\n    - {id: r, type: connector_source, config: {connector: files, path: "in/{{f}}"}}\n'
    )
    made = pipeline(filled(document(text), settled(text, f="*[a]?.csv")))
    assert made.nodes[0].config["path"] == "in/[*][[]a][?].csv"


def test_a_setting_whose_parameter_has_no_value_is_as_if_it_were_not_there() -> None:
    read = "  nodes:\n    - {id: r, type: connector_source, config: {connector: db, table: t}}\n"
    text = HEAD + '  timeout: "{{t}}"\n  parameters: [{name: t, type: integer}]\n' + read
    assert pipeline(filled(document(text), settled(text))).settings["timeout"] == 3600
    assert pipeline(filled(document(text), settled(text, t=5))).settings["timeout"] == 5


def test_text_around_a_parameter_without_a_value_is_told() -> None:
    text = HEAD + '  parameters: [{name: f}]\n  nodes:\n    - {id: r, type: connector_source, config: {connector: db, table: "t_{{f}}"}}\n'
    made = filled(document(text), settled(text))
    (problem,) = made.problems
    assert (problem.path, problem.node, problem.line) == ("/spec/nodes/0/config/table", "r", 7)
    assert "{{f}} has no value; give the parameter one, or a default" in problem.message


def test_a_value_that_does_not_suit_its_setting_is_told_at_the_setting() -> None:
    text = HEAD + PARAMETERS + NODES
    values = settled(text, by="id", most=0)
    problems = [problem for problem in validate([filled(document(text), values)], KNOWN) if problem.severity == "error"]
    assert [(problem.path, problem.line) for problem in problems] == [("/spec/nodes/3/config/batchSize", 18)]


def test_a_value_that_looks_like_a_template_is_text() -> None:
    text = HEAD + PARAMETERS + NODES
    value = "{{today}} {{vault:a/b#c}} {{"
    made = filled(document(text), settled(text, by=value))
    recipe = pipeline(made)
    assert recipe.node("write").config["path"] == f"out/{value}.csv"
    assert recipe.secrets == {}
    assert [problem for problem in validate([made], KNOWN) if problem.severity == "error"] == []


def test_a_secret_leaves_a_token_that_no_value_can_hold() -> None:
    query = "SELECT * FROM t WHERE k = '{{vault:a/b#c}}' AND v = {{by}}"
    text = HEAD + PARAMETERS + f'  nodes:\n    - {{id: r, type: connector_source, config: {{connector: db, query: "{query}"}}}}\n'
    first = pipeline(filled(document(text), settled(text, by="x")))
    ((token, reference),) = first.secrets.items()
    assert reference == "vault:a/b#c"
    assert token in first.nodes[0].config["query"]
    second = pipeline(filled(document(text), settled(text, by=token)))
    assert token not in second.secrets


def test_values_are_kept_so_that_neither_clock_nor_environment_changes_them() -> None:
    text = (
        HEAD
        + "  nodes:\n    - {id: r, type: connector_source, config: {connector: db, table: \"{{env(T)}}_{{format_date(today, '%j')}}\"}}\n"
    )
    kept = settled(text, {"T": "sales"}).key
    assert pipeline(filled_document(text, kept)).nodes[0].config["table"] == "sales_088"
    assert needs_values(document(text))
    assert not needs_values(document(HEAD + "  nodes:\n    - {id: r, type: connector_source, config: {connector: db, table: t}}\n"))


def test_what_the_environment_does_not_allow_is_told_in_the_recipe() -> None:
    text = HEAD + '  nodes:\n    - {id: r, type: connector_source, config: {connector: db, table: "{{env(HOME)}}"}}\n'
    (problem,) = told(text)
    assert (problem.path, problem.line) == ("/spec/nodes/0/config/table", 6)
    assert "PENSTOCK_TEMPLATE_ENV" in problem.message


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        (Type.INTEGER, "-5", -5), (Type.NUMBER, "1e3", 1000.0), (Type.BOOLEAN, "TRUE", True), (Type.LIST, "a, b", ["a", "b"]),
        (Type.LIST, "", []), (Type.DATE, "2026-03-29", "2026-03-29"), (Type.STRING, "5", "5"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_the_declared_type(kind: Type, typed: str, meant: Any) -> None:
    assert from_text(kind, typed, WARSAW) == meant


@pytest.mark.parametrize(("kind", "typed"), [(Type.INTEGER, "x"), (Type.NUMBER, "nan"), (Type.BOOLEAN, "1"), (Type.DATE, "today")])
def test_what_is_typed_wrong_is_told(kind: Type, typed: str) -> None:
    with pytest.raises(NotOfType, match="must be"):
        from_text(kind, typed, WARSAW)


def test_a_list_has_an_end() -> None:
    (problem,) = told(HEAD + PARAMETERS + NODES, by="id", names=["x"] * 10_001)
    assert "must not have more than 10000 items" in problem.message


@pytest.mark.parametrize(
    ("table", "value", "expected"),
    [
        ("{{t}}", "orders", (None, "orders")),
        ("{{t}}", "audit.log", (None, "audit.log")),
        ("sales.{{t}}", "audit.log", ("sales", "audit.log")),
        ("{{t}}.orders", "a.b", ("a.b", "orders")),
        ("sales_{{t}}.o_{{t}}_1", 'x"y', ('sales_x"y', 'o_x"y_1')),
        ('"{{t}}"', 'a".b', (None, 'a".b')),
        ("{{t}}", '"q"', (None, '"q"')),
        ('"{{t}}".orders', '"q"', ('"q"', "orders")),
    ],
)
def test_a_dot_of_a_value_divides_no_schema_from_a_table(table: str, value: str, expected: tuple[str | None, str]) -> None:
    nodes = f"  nodes:\n    - {{id: r, type: connector_source, config: {{connector: db, table: '{table}'}}}}\n"
    text = HEAD + "  parameters: [{name: t}]\n" + nodes
    assert split(str(pipeline(filled(document(text), settled(text, t=value))).nodes[0].config["table"])) == expected


def test_a_connector_may_be_named_by_a_parameter_and_is_looked_for_once_there_is_a_value() -> None:
    nodes = '  nodes:\n    - {id: r, type: connector_source, config: {connector: "{{where}}", table: t}}\n'
    text = HEAD + "  parameters: [{name: where, required: true}]\n" + nodes
    assert [problem for problem in validate([document(text)], KNOWN) if problem.severity == "error"] == []
    assert [
        problem for problem in validate([filled(document(text), settled(text, where="db"))], KNOWN) if problem.severity == "error"
    ] == []
    (problem,) = (p for p in validate([filled(document(text), settled(text, where="dc"))], KNOWN) if p.severity == "error")
    assert (problem.code, problem.path, problem.suggestion) == ("unknown_connector", "/spec/nodes/0/config/connector", "default/db")
