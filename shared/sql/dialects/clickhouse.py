"""ClickHouse: whole numbers wrap round, so their sums stay here."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.casts import types
from shared.sql.rewrites.characters import CHARACTERS
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.exact_literals import EXACT_LITERALS
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.in_lists import IN_LISTS
from shared.sql.rewrites.is_true import IS_TRUE
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import INT_DIV

CLICKHOUSE = Dialect(
    name="clickhouse",
    title="ClickHouse",
    writes="clickhouse",
    passes=(
        UNSIZED,
        AVERAGES,
        SUMS,
        IN_LISTS,
        EXACT_LITERALS,
        EXTREMES,
        DISTINCT_FROM,
        INT_DIV,
        CHARACTERS,
        IS_TRUE,
        # sqlglot puts Nullable around each. DATE alone would be of the years from 1970 on.
        types({"DATE": "Date32", "TIMESTAMP": "DateTime64(6)", "TIMESTAMPTZ": "DateTime64(6, 'UTC')"}),
    ),
    # https://clickhouse.com/docs/en/sql-reference/: statements/select, aggregate-functions/combinators (-If), operators.
    features=Features(
        filter=True, qualify=True, merge=False, guard=True, nulls="last", transactions=False, name_case="exact", longest_name=206
    ),
    session=("SET join_use_nulls = 1", "SET aggregate_functions_null_for_empty = 1", "SET session_timezone = 'UTC'"),
)
