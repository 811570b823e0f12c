"""Corrections keep a person's text, change few lines, and pass the product's own validation; where they would not, there is none."""

from __future__ import annotations

import pytest
from cases import RECIPE, case, earlier, recipe

from shared.diagnosis import Fix, diagnose
from shared.diagnosis.case import Recipe
from shared.diagnosis.repairs import differing, renamed, setting, yaml_fix
from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate


def changed(fix: Fix | None, before: str = RECIPE) -> list[str]:
    """The lines that the fix has and the recipe had not, after seeing that it is valid."""
    assert fix is not None
    assert fix.kind == "yaml"
    of = recipe(fix.text)
    assert [one for one in validate([of.document], of.known) if one.severity == "error"] == []
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in fix.text.splitlines() if line.startswith("#")
    ]
    new = [fix.text.splitlines()[at - 1].strip() for at in fix.lines]
    assert new == [line.strip() for line in fix.text.splitlines() if line not in before.splitlines()]
    return new


def fix_of(code: str, message: str, node: str | None = None, text: str = RECIPE, **more: object) -> Fix | None:
    return diagnose(case(code, message, node=node, text=text, **more)).findings[0].fix


def test_an_insert_whose_key_is_there_becomes_an_upsert_with_that_key() -> None:
    said = 'duplicate key value violates unique constraint "p" (Key (id, day)=(7, 2026-01-01) already exists.)'
    assert changed(fix_of("connector_rejected_data", said, "write")) == [
        "config: {upsertKeys: [id, day], connector: db, table: net_orders, writeMode: UPSERT}"
    ]


def test_a_table_that_is_missing_is_made_by_the_sink() -> None:
    fix = fix_of("plan", "node write: table net_orders is not there; make it, or set createTable: true on this node", "write")
    assert changed(fix) == ["config: {createTable: true, connector: db, table: net_orders, writeMode: INSERT}"]


def test_a_column_that_the_table_lacks_is_added_to_it() -> None:
    fix = fix_of("plan", "node write: table net_orders has no column net; there is id.", "write")
    assert changed(fix) == ["config: {schemaEvolution: addColumns, connector: db, table: net_orders, writeMode: INSERT}"]


def test_the_first_bad_row_need_not_be_the_end() -> None:
    fix = fix_of("too_many_rejects", "node net rejected 1 of 3 rows; onError: fail lets none go", "net")
    assert changed(fix) == ["onError: route"]


def test_a_limit_of_rejected_rows_is_raised_to_what_there_were() -> None:
    text = RECIPE.replace("onError: fail", "rejectLimit: {maxRows: 10}")
    fix = fix_of("too_many_rejects", "node net rejected 12 of 100 rows; its rejectLimit allows 10", "net", text)
    assert changed(fix, text) == ["rejectLimit: {maxRows: 12}"]


def test_times_are_raised_where_they_stand() -> None:
    assert changed(fix_of("timed_out", "the run took longer than its timeout")) == ["timeout: 1200"]
    assert changed(fix_of("timeout", "node net took too long", "net")) == ["timeout: 120"]
    before = [{**one, "duration_s": 900.0} for one in earlier(("SUCCEEDED", 2, None))]
    assert changed(fix_of("timed_out", "the run took longer", earlier=before)) == ["timeout: 1800"]


def test_a_setting_that_is_not_there_yet_is_put_in() -> None:
    text = RECIPE.replace("  timeout: 600\n", "")
    assert changed(fix_of("timed_out", "the run took longer than its timeout", text=text), text) == ["timeout: 7200"]


def test_a_files_delimiter_and_encoding_are_said() -> None:
    said = "'in/orders.csv' looks divided by ';', not ',': set options.delimiter: ';'"
    assert changed(fix_of("format_options", said, "file")) == ['config: {options: {delimiter: ";"}, connector: files, path: in/orders.csv}']
    text = RECIPE.replace("path: in/orders.csv}", "path: in/orders.csv, options: {encoding: utf-8}}")
    said = "in/orders.csv cannot be read as utf-8 text (invalid start byte); "
    borne_out = "its bytes make sense as windows-1250 or iso-8859-2 ('(żółć)'), windows-1252 ('x'); set options.encoding"
    fix = fix_of("format_unreadable", said + borne_out, "file", text)
    assert changed(fix, text) == ["config: {connector: files, path: in/orders.csv, options: {encoding: windows-1250}}"]
    assert (
        fix is not None
        and "read as windows-1250; its bytes make sense as windows-1250 or iso-8859-2 ('(żółć)'), windows-1252 ('x')" in fix.applies
    )
    nothing = "nothing that is known here makes sense of its bytes; set options.encoding to what it is written in"
    assert fix_of("format_unreadable", said + nothing, "file", text) is None, "nothing is guessed"


def test_a_path_that_is_nearly_right_is_corrected() -> None:
    fix = fix_of("connector_not_found", "in/orders.csv is not in /data; did you mean in/order.csv?", "file")
    assert changed(fix) == ["config: {connector: files, path: in/order.csv}"]


def test_a_text_that_is_no_value_becomes_null_where_the_node_casts_it() -> None:
    text = RECIPE.replace(
        "      type: expression\n      onError: fail\n      timeout: 60\n      config:\n        columns:\n"
        "          - {name: net, expression: amount - tax}\n",
        "      type: sql\n      config: {query: SELECT CAST(amount AS BIGINT) AS net FROM read}\n",
    )
    fix = fix_of("rows", "Conversion Error: Could not convert string 'abc' to INT64", "net", text)
    assert changed(fix, text) == ['config: {query: "SELECT TRY_CAST(amount AS BIGINT) AS net FROM read"}']


@pytest.mark.parametrize("query", [
    "SELECT id FROM read WHERE CAST(amount AS BIGINT) > 5",
    "SELECT r.id FROM read AS r JOIN read AS s ON CAST(r.amount AS BIGINT) = s.id",
    "SELECT CAST(amount AS BIGINT) AS amount, count(*) AS n FROM read GROUP BY CAST(amount AS BIGINT)",
])  # fmt: skip
def test_a_cast_that_decides_over_rows_is_left_alone_since_its_rows_would_be_gone(query: str) -> None:
    text = RECIPE.replace(
        "      type: expression\n      onError: fail\n      timeout: 60\n      config:\n        columns:\n"
        "          - {name: net, expression: amount - tax}\n",
        f"      type: sql\n      config:\n        query: {query}\n",
    )
    assert fix_of("rows", "Conversion Error: Could not convert string 'abc' to INT64", "net", text) is None


def test_a_name_in_text_is_no_column_and_a_column_may_stand_in_quotes() -> None:
    text = RECIPE.replace("expression: amount - tax", "expression: \"CASE WHEN kind = 'amount' THEN amount ELSE amount_2 END\"")
    fix = yaml_fix(recipe(text), renamed("amount", "total net"), "")
    # Within double quotes of YAML no other double quote can be put.
    assert fix is None
    fix = yaml_fix(recipe(text), renamed("amount", "total"), "")
    assert changed(fix, text) == ["- {name: net, expression: \"CASE WHEN kind = 'amount' THEN total ELSE amount_2 END\"}"]


def test_what_validation_refuses_is_not_shown() -> None:
    assert yaml_fix(recipe(), setting("/spec", "timeout", -1), "") is None
    assert yaml_fix(recipe(), setting("/spec/nodes/4/config", "writeMode", "SOMEHOW"), "") is None
    assert yaml_fix(recipe(), setting("/spec/nodes/9/config", "table", "t"), "") is None
    assert yaml_fix(None, setting("/spec", "timeout", 1), "") is None


def test_a_recipe_that_was_not_valid_before_is_not_made_to_look_so() -> None:
    of = recipe(RECIPE.replace("to: keep", "to: nowhere"))
    assert yaml_fix(of, setting("/spec", "timeout", 1200), "") is None


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [("a\nb\nc", "a\nx\nc", (2,)), ("a\nc", "a\nb\nc", (2,)), ("a\nb\nc\nd", "x\nb\nc\ny", (1, 4)), ("a", "a", ())],
)
def test_lines_that_differ_are_named(old: str, new: str, lines: tuple[int, ...]) -> None:
    assert differing(old, new) == lines


def test_windows_line_ends_and_json_are_left_as_they_are() -> None:
    text = RECIPE.replace("\n", "\r\n")
    fix = yaml_fix(recipe(text), setting("/spec", "timeout", 1200), "")
    assert fix is not None
    assert fix.text == text.replace("timeout: 600", "timeout: 1200")
    json = (
        '{"apiVersion": "penstock/v1", "kind": "Pipeline", "metadata": {"name": "orders"}, "spec": {"nodes": ['
        '{"id": "a", "type": "connector_source", "config": {"connector": "db", "table": "t"}},'
        '{"id": "b", "type": "connector_sink", "config": {"connector": "db", "table": "u", "writeMode": "INSERT"}}],'
        '"edges": [{"from": "a", "to": "b"}]}}'
    )
    of = Recipe(read_documents(json)[0], recipe().known, 1)
    fix = yaml_fix(of, setting("/spec/nodes/1/config", "writeMode", "OVERWRITE"), "")
    assert fix is not None
    assert fix.text == json.replace("INSERT", "OVERWRITE")
    fix = yaml_fix(of, setting("/spec/nodes/1/config", "createTable", True), "")
    assert fix is not None
    assert '"config": {"createTable": true, "connector"' in fix.text


def test_a_column_is_renamed_where_it_is_that_column_and_nowhere_else() -> None:
    text = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: orders}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: orders, columns: [id, amount]}}
    - {id: other, type: connector_source, config: {connector: db, table: amount, columns: [amount]}}
    - {id: whole, type: filter, config: {condition: amount > 0}}
    - {id: net, type: expression, config: {columns: [{name: amount, expression: amount * 2}]}}
    - {id: named, type: expression, config: {columns: [{name: twice, expression: 2 * Amount}], rename: {amount: total}}}
    - {id: later, type: filter, config: {condition: amount > 1}}
    - {id: a, type: connector_sink, config: {connector: files, path: amount.csv, writeMode: OVERWRITE}}
    - {id: b, type: connector_sink, config: {connector: files, path: b.csv, writeMode: OVERWRITE}}
    - {id: c, type: connector_sink, config: {connector: files, path: c.csv, writeMode: OVERWRITE}}
  edges:
    - {from: read, to: whole}
    - {from: whole.out, to: net}
    - {from: whole, to: named}
    - {from: net, to: later}
    - {from: later, to: a}
    - {from: named, to: b}
    - {from: other, to: c}
"""
    fix = yaml_fix(recipe(text), renamed("amount", "eur", "read"), "")
    assert changed(fix, text) == [
        "- {id: read, type: connector_source, config: {connector: db, table: orders, columns: [id, eur]}}",
        "- {id: whole, type: filter, config: {condition: eur > 0}}",
        "- {id: net, type: expression, config: {columns: [{name: amount, expression: eur * 2}]}}",
        "- {id: named, type: expression, config: {columns: [{name: twice, expression: 2 * eur}], rename: {eur: total}}}",
    ]
