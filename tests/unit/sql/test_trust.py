"""What a database is trusted with: the lowest level among all that a piece of SQL is made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.datasets import Column
from shared.sql.dialects import DIALECTS
from shared.sql.parse import expression
from shared.sql.query import query
from shared.sql.trust import LEVELS, level_of, trust
from shared.sql.trust_page import page
from shared.sql.typing import annotated, resolve

TYPES = {"i": "INTEGER", "b": "BIGINT", "p": "NUMERIC(12, 2)", "x": "DOUBLE PRECISION", "s": "TEXT", "d": "DATE", "f": "BOOLEAN"}
TYPES["u"] = "UNKNOWN"
COLUMNS = tuple(Column(name, type_, True) for name, type_ in TYPES.items())


def level(text: str, dialect: str, version: str | None = None) -> str:
    return trust(resolve(expression(text, aggregates=True), {"t": COLUMNS}), dialect, version).level


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_plain_comparisons_of_whole_numbers_are_trusted_everywhere(dialect: str) -> None:
    assert level("i > 3 AND i IS NOT NULL OR i IN (1, 2)", dialect) in ("documented", "emulated", "proven")


def test_one_construct_that_is_not_trusted_keeps_the_whole_expression_here() -> None:
    assert level("i > 3 AND s = 'a'", "sqlserver") == "unsupported"
    assert level("i > 3 AND s = 'a'", "oracle") == "documented"


def test_the_sentence_names_the_construct_its_types_and_the_reason() -> None:
    found = trust(resolve(expression("s = 'a'"), {"t": COLUMNS}), "sqlserver")
    assert found.why.startswith('"t"."s" = \'a\' stays here: eq of text and text is not trusted in SQL Server, since it compares texts')
    assert not found.at_least("documented")


def test_a_type_that_is_not_known_is_not_trusted_where_it_matters() -> None:
    assert level("u = 1", "postgres") == "unsupported"
    assert level("u IS NULL", "postgres") == "documented"


def test_what_the_table_does_not_name_stays_here() -> None:
    assert level("soundex(s)", "postgres") == "unsupported"


def test_whole_queries_are_judged_clause_by_clause() -> None:
    tree = annotated(query('SELECT "t"."s" FROM "t" GROUP BY "t"."s"'), {"t": COLUMNS})
    assert trust(tree, "snowflake").at_least("documented")
    assert trust(tree, "teradata").level == "unsupported"


def test_decimals_of_more_than_18_digits_are_told_from_others() -> None:
    wide = (Column("p", "NUMERIC(38, 2)", True),)
    assert trust(resolve(expression("p * p"), {"t": wide}), "mysql").level == "unsupported"
    assert level("p * p", "mysql") == "documented"


def test_every_row_of_the_table_names_dialects_and_levels_that_are_there() -> None:
    from shared.sql.trust import _proven, _table

    for rows in _table().values():
        for _, levels in rows:
            assert {name.partition(">=")[0] for name in levels} <= {*DIALECTS, "*"}
            assert {said.partition(": ")[0] for said in levels.values()} <= set(LEVELS)
    for dialect, seen in _proven().items():
        assert dialect in DIALECTS
        assert set(seen) <= {"proven", "emulated"}


def test_what_is_unsupported_is_not_lifted_by_what_was_seen_once() -> None:
    assert level_of("eq", ("text", "text"), "sqlserver", "16.0")[0] == "unsupported"


def test_what_came_with_a_version_is_trusted_from_it_on() -> None:
    assert level_of("rownumber over", (), "mysql", "5.7") == ("unsupported", "it came with version 8")
    assert level_of("rownumber over", (), "mariadb", "10.11.19-MariaDB")[0] != "unsupported"
    assert level_of("try cast", ("text", "integer"), "postgres", "15.2")[0] == "unsupported"
    assert level_of("try cast", ("text", "integer"), "postgres", "18.6")[0] != "unsupported"


def test_the_page_about_trust_says_what_the_tables_say() -> None:
    path = Path(__file__).parents[3] / "docs" / "trust.md"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.write_text(page())
    assert path.read_text() == page()
