"""Snowflake."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.casts import types
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.is_true import IS_TRUE
from shared.sql.rewrites.likes import ESCAPES
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import SLASH_IS_EXACT

SNOWFLAKE = Dialect(
    name="snowflake",
    title="Snowflake",
    writes="snowflake",
    passes=(
        UNSIZED,
        FILTERS,
        AVERAGES,
        EXTREMES,
        SLASH_IS_EXACT,
        ESCAPES,
        IS_TRUE,
        types({"TIMESTAMP": "TIMESTAMP_NTZ", "TIMESTAMPTZ": "TIMESTAMP_TZ"}),
    ),
    # https://docs.snowflake.com/en/sql-reference/: constructs/qualify, functions/try_cast, identifiers-syntax (255), sql/merge.
    features=Features(qualify=True, guard=True, distinct_from=True, longest_name=255),
    session=("ALTER SESSION SET TIMEZONE = 'UTC'", "ALTER SESSION SET ERROR_ON_NONDETERMINISTIC_MERGE = TRUE"),
)
