"""TPC-H recipes through the API of a whole stack, from PostgreSQL and from files."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.support.stack import Stack
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import Tpch
from tests.tpch.engines import Tables

pytestmark = pytest.mark.stack

CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: {name}}}
spec: {{type: {type}, config: {config}}}
"""


@pytest.mark.parametrize(("number", "text"), [(1, recipes.over_files(1)), (22, recipes.over_files(22)), (3, recipes.over_tables(3))])
def test_a_recipe_sent_to_the_api_gives_duckdbs_own_answer(
    tpch: Tpch, tpch_in_postgresql: Tables, stack: Stack, number: int, text: str
) -> None:
    files = f"{{root: {tpch.folder}}}"
    database = json.dumps(tpch_in_postgresql.config)
    places = [("tpch", "postgres", database) if "table: lineitem" in text else ("tpch", "files", files)]
    for name, type_, config in (*places, ("answers", "files", f"{{root: {stack.files}}}")):
        stack.apply(CONNECTOR.format(name=name, type=type_, config=config))
    stack.apply(text)
    ended = stack.wait(stack.start(f"q{number:02}"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    rows = duckdb.sql(f"FROM '{stack.files}/q{number:02}.parquet'").fetchall()
    assert difference(rows, tpch.answers[number]) is None
