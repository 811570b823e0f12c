"""ClickHouse: whole numbers wrap round, so their sums stay here."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

CLICKHOUSE = Dialect(
    name="clickhouse",
    title="ClickHouse",
    writes="clickhouse",
    # https://clickhouse.com/docs/en/sql-reference/: statements/select, aggregate-functions/combinators (-If), operators.
    features=Features(
        filter=True, qualify=True, merge=False, guard=True, nulls="last", transactions=False, name_case="exact", longest_name=206
    ),
    session=("SET join_use_nulls = 1", "SET aggregate_functions_null_for_empty = 1", "SET session_timezone = 'UTC'"),
)
