"""Nothing that a person quotes gets out of its quotes, in whatever place of the grammar it stands."""

from __future__ import annotations

import pytest
from sqlglot import TokenType
from sqlglot.dialects import DuckDB, Postgres
from sqlglot.errors import ErrorLevel

from shared.errors import PenstockError
from shared.sql.errors import SqlProblem
from shared.sql.parse import expression
from shared.sql.query import query, tables
from shared.sql.typing import named_type

NAME, TEXT = '"zq) + evil(1"', "'zq) + evil(1'"
FORMS = ("({name})", "(x, {text})", "({name} FROM x)", "({text} FROM x)", "({name} => x)", "(x AS VARCHAR({name}))", "(x COLLATE {text})")


def runs_evil(text: str, *, aggregates: bool) -> bool:
    try:
        tree = expression(text, aggregates=aggregates)
    except SqlProblem:
        return False
    try:
        written = tree.sql("duckdb", unsupported_level=ErrorLevel.IGNORE)
    except Exception:  # noqa: BLE001 (what sqlglot cannot write is not run)
        return False
    return any(token.token_type is TokenType.VAR and token.text.lower() == "evil" for token in DuckDB().tokenize(written))


def test_no_function_that_the_parser_knows_lets_a_quoted_argument_out() -> None:
    names = sorted({*Postgres.Parser.FUNCTIONS, *Postgres.Parser.FUNCTION_PARSERS})
    assert len(names) > 400
    out = [
        (name, form)
        for name in names
        for form in FORMS
        if runs_evil(f"{name}{form.format(name=NAME, text=TEXT)}", aggregates=form == FORMS[0])
    ]
    assert out == []


@pytest.mark.parametrize(
    "text",
    [
        """EXTRACT("year FROM x) + (SELECT length(content) FROM read_text('/etc/passwd')) + EXTRACT(year" FROM x)""",
        "x COLLATE 'C || (SELECT 1)'",
        'ABS("1) + evil(" => x)',
        "ANONYMOUS_AGG_FUNC('evil(x) + sum')",
        'CAST(x AS VARCHAR("1)) + evil(CAST(1"))',
        "READ_CSV('/etc/passwd')",
    ],
)
def test_what_would_run_bare_is_refused(text: str) -> None:
    with pytest.raises(SqlProblem):
        expression(text, aggregates=True)
    with pytest.raises(SqlProblem):
        query(f"SELECT {text} AS a FROM t")


def test_a_type_holds_no_sql() -> None:
    with pytest.raises(SqlProblem, match="is not a type"):
        named_type('VARCHAR("1)) + evil(CAST(1")')


@pytest.mark.parametrize(
    "text",
    [
        "\"it's (x)\" = 'a''b) --'",
        "x -> 'a b' ->> '$.c[0]'",
        "TO_CHAR(x, 'YYYY-MM-DD')",
        "EXTRACT(epoch FROM x)",
        r"E'a\n''b' || $$it's$$",
        "x::date + INTERVAL '-1 day 2 hours'",
        "REGEXP_REPLACE(x, '[^0-9]', '', 'g')",
        'x COLLATE "C"',
    ],
)
def test_quotes_where_they_belong_are_taken(text: str) -> None:
    expression(text)


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM t) SELECT * FROM a", ["b", "t"]),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", ["t"]),
        ('WITH a AS (WITH "/etc/p.csv" AS (SELECT 1 AS x) SELECT * FROM "/etc/p.csv") SELECT * FROM a, "/etc/p.csv"', ["/etc/p.csv"]),
        ("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT (SELECT MAX(i) FROM n) AS i FROM N", []),
    ],
)
def test_a_name_of_a_with_means_it_only_where_it_can_be_seen(text: str, outside: list[str]) -> None:
    """Else it is a file: DuckDB reads a table that is called like one."""
    assert [table.name for table in tables(query(text))] == outside


def test_a_function_that_lacks_its_arguments_is_refused() -> None:
    with pytest.raises(SqlProblem, match="all its arguments"):
        expression("LEVENSHTEIN_LESS_EQUAL()")


def test_a_refusal_is_a_users_mistake() -> None:
    with pytest.raises(PenstockError) as caught:
        expression('EXTRACT("a) + b(" FROM x)')
    assert caught.value.fault != "system"
