"""A recipe of 200 nodes with fifteen different mistakes: all are told at once, each where it stands, within a tenth of a second."""

from __future__ import annotations

import sys
import time

from shared.pipelines.language import read_documents
from shared.pipelines.model import Problem
from shared.pipelines.validation import Known, validate

# What is wrong, and the text at whose first letter it is shown; each stands once in the recipe.
MISTAKES = {
    "0 0 30 2 *": "invalid_setting",
    "Europe/Warschau": "invalid_setting",
    "three": "wrong_type",
    "maxParalelNodes": "unknown_setting",
    "Forbit": "invalid_choice",
    "{{today}}.csv": "template_not_quoted",
    "fliter": "unknown_node_type",
    "# no connector": "missing_setting",
    "# no keys": "missing_setting",
    "n0 # twice": "duplicate_id",
    "amout": "unknown_column",
    "AND )": "invalid_sql",
    "n999": "unknown_node",
    "n21.rejectd": "unknown_port",
    "loop-b, to: loop-a": "cycle",
    "alone": "disconnected_node",
    "nowhere-warehouse": "unknown_connector",
}
KNOWN = Known({"default/files": ("files", {"root": "/data"}), "default/db": ("postgres", {"host": "h", "database": "d", "user": "u"})})


def recipe(nodes: int) -> str:
    head = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: big}
spec:
  schedule: '0 0 30 2 *'
  timezone: Europe/Warschau
  retries: three
  maxParalelNodes: 4
  concurrencyPolicy: Forbit
  nodes:
    - {id: n0, type: connector_source, config: {connector: files, path: a.csv, columns: [a, b, amount]}}
    - id: dated
      type: connector_source
      config:
        connector: files
        path: {{today}}.csv
    - {id: misspelt, type: fliter, config: {condition: a > 1}}
    - id: nowhere
      type: connector_source
      config: # no connector
        path: x.csv
    - id: unkeyed
      type: connector_sink
      config: {connector: db, table: t, writeMode: UPSERT} # no keys
    - {id: other, type: connector_sink, config: {connector: nowhere-warehouse, table: t, writeMode: INSERT}}
    - id: n0 # twice
      type: filter
      config: {condition: a > 1}
    - {id: wrong-column, type: filter, config: {condition: "a > 1 AND amout < 5"}}
    - id: wrong-sql
      type: filter
      config:
        condition: |
          a > 1
            AND )
    - {id: loop-a, type: filter, config: {condition: a > 1}}
    - {id: loop-b, type: filter, config: {condition: a > 1}}
    - {id: alone, type: filter, config: {condition: a > 1}}
"""
    many = [f"    - {{id: n{at}, type: filter, config: {{condition: \"a > {at} AND b <> 'x{at}'\"}}}}" for at in range(1, nodes)]
    edges = [f"    - {{from: n{at - 1}, to: n{at}}}" for at in range(1, nodes)]
    wrong = """    - {from: n20, to: n999}
    - {from: n21.rejectd, to: unkeyed}
    - {from: dated, to: misspelt}
    - {from: nowhere, to: other}
    - {from: n0, to: wrong-column}
    - {from: n0, to: wrong-sql}
    - {from: loop-a, to: loop-b}
    - {from: loop-b, to: loop-a}
"""
    return head + "\n".join(many) + "\n  edges:\n" + "\n".join(edges) + "\n" + wrong


def place(text: str, needle: str) -> tuple[int, int]:
    assert text.count(needle) == 1, needle
    at = text.index(needle)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def expected(text: str) -> set[tuple[str, int, int]]:
    found = set()
    for needle, code in MISTAKES.items():
        line, column = place(text, needle)
        line_text = text.split("\n")[line - 1]
        if code == "missing_setting":
            # What is missing is shown at the key that should hold it.
            column = line_text.index("config") + 1
        elif code == "invalid_sql":
            column = line_text.index(")") + 1
        elif code == "cycle":
            column = line_text.index("{") + 1
        elif needle == "0 0 30 2 *":
            # A value in quotes begins with its quote.
            column -= 1
        found.add((code, line, column))
    return found


def problems(text: str) -> list[Problem]:
    return validate(read_documents(text), KNOWN)


def test_every_mistake_is_told_with_its_line_and_column() -> None:
    text = recipe(200)
    found = [(problem.code, problem.line, problem.column) for problem in problems(text) if problem.code != "not_available_yet"]
    assert len(found) == len(MISTAKES) >= 15
    assert set(found) == expected(text)


def test_a_misspelt_word_comes_with_the_right_one() -> None:
    found = {problem.suggestion for problem in problems(recipe(30)) if problem.suggestion}
    assert {"maxParallelNodes", "Forbid", "filter", "amount", "rejected"} <= found


def test_all_of_them_take_less_than_a_tenth_of_a_second() -> None:
    text = recipe(200)
    problems(text)
    taken = []
    for _ in range(5):
        start = time.process_time()
        problems(text)
        taken.append(time.process_time() - start)
    # Coverage measures every line, which costs several times the work itself.
    assert min(taken) < (0.1 if sys.gettrace() is None else 1.0)
