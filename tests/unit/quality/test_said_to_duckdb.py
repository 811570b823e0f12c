"""What is said to DuckDB in words of its own means what it meant."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp, parse_one

from services.quality.said_to_duckdb import faster
from shared.sql.render import sql


@pytest.mark.parametrize(("picked", "found"), [("1", [1]), ("t.a", [1]), ("COUNT(*)", [0, 1, 2]), ("MAX(t.a) + 1", [0, 1, 2])])
@pytest.mark.parametrize("word", ["EXISTS", "NOT EXISTS"])
def test_a_subquery_that_always_has_a_row_is_no_join(picked: str, found: list[int], word: str) -> None:
    """An aggregate without GROUP BY has one row, even of none."""
    tree = parse_one(f"SELECT this.a FROM this WHERE {word} (SELECT {picked} FROM t WHERE t.a = this.a)", read="postgres")
    assert isinstance(tree, exp.Query)
    rows = [(a,) for a in range(3) if (a in found) == (word == "EXISTS")]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE this AS SELECT range AS a FROM range(3); CREATE TABLE t AS SELECT 1 AS a")
        for said in (sql(tree, "duckdb"), sql(faster(tree.copy()), "duckdb")):
            assert ("SEMI" in said or "ANTI" in said) == (found == [1])
            assert sorted(connection.execute(said).fetchall()) == rows
