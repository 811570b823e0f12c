"""Snowflake."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

SNOWFLAKE = Dialect(
    name="snowflake",
    title="Snowflake",
    writes="snowflake",
    # https://docs.snowflake.com/en/sql-reference/: constructs/qualify, functions/try_cast, identifiers-syntax (255), sql/merge.
    features=Features(qualify=True, guard=True, distinct_from=True, longest_name=255),
    session=("ALTER SESSION SET TIMEZONE = 'UTC'", "ALTER SESSION SET ERROR_ON_NONDETERMINISTIC_MERGE = TRUE"),
)
