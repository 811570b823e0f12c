"""SpEL over a whole running Penstock: told of while writing, run from PostgreSQL and into it, bad rows among the dead letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.test_command_line import penstock
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: spel}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: spel_orders}}
    - id: keep
      type: filter
      config:
        language: spel
        condition: "status != 'TEST' and (city == null or city matches '[A-ZŁ].*')"
    - id: made
      type: expression
      config:
        language: spel
        keep: listed
        columns:
          - {name: id, expression: id}
          - {name: label, expression: "(city ?: 'unknown').toUpperCase() + ' ' + ordered.year"}
          - {name: net, expression: amount / pieces}
          - {name: weekday, expression: ordered.dayOfWeek.value}
    - {id: write, type: connector_sink, config: {connector: db, table: spel_out, writeMode: OVERWRITE, createTable: true}}
  edges: [{from: read, to: keep}, {from: keep, to: made}, {from: made, to: write}]
"""


def test_a_pipeline_in_spel_from_a_table_to_a_table(stack: Stack) -> None:
    stack.sql(
        "CREATE TABLE spel_orders (id BIGINT NOT NULL, status TEXT, city TEXT, amount NUMERIC(10, 2), pieces INTEGER,"
        " ordered DATE NOT NULL)"
    )
    stack.sql(
        "INSERT INTO spel_orders VALUES (1, 'PAID', 'Łódź', 10.05, 2, '2024-02-29'), (2, 'TEST', 'Kraków', 1, 1, '2024-01-01'),"
        " (3, 'PAID', NULL, 7.77, 3, '2023-12-31'), (4, 'PAID', 'Gdańsk', 5, 0, '2024-01-01'), (5, NULL, 'nowhere', 5, 1, '2024-01-01'),"
        " (6, 'PAID', 'Poznań', NULL, 1, '2024-01-01')"
    )
    stack.apply(RECIPE)
    ended = stack.wait(stack.start("spel"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    rows = stack.sql("SELECT id, label, net::TEXT, weekday FROM spel_out ORDER BY id")
    # 10.05 / 2 is 5.025: a half, which goes to the even neighbour.
    assert rows == [(1, "ŁÓDŹ 2024", "5.02", 4), (3, "UNKNOWN 2023", "2.59", 7)]
    figures = {node["id"]: (node["rowsIn"], node["rowsOut"], node["rowsRejected"]) for node in ended["nodes"]}
    assert figures["made"] == (4, 2, 2)


def test_a_mistake_is_told_with_line_column_and_the_right_word(stack: Stack, tmp_path: Path) -> None:
    bad = RECIPE.replace("toUpperCase()", "toUperCase()").replace("ordered.dayOfWeek.value", "new Date()")
    told = stack.client.call("POST", "/validate", content=bad.encode())
    assert told["valid"] is False
    found = [(one["code"], one["line"], one["column"], one["node"], one["suggestion"]) for one in told["errors"]]
    assert found == [("invalid_spel", 20, 60, "made", "toUpperCase"), ("invalid_spel", 22, 41, "made", None)]
    file = tmp_path / "bad.yaml"
    file.write_text(bad)
    done = penstock(None, "validate", str(file))
    assert done.returncode == 2
    lines = [line for line in done.stdout.splitlines() if "form in SQL" in line]
    assert [line.removeprefix(f"{file}:").split(" ")[0] for line in lines] == ["20:60:", "22:41:"]
