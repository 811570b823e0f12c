"""PostgreSQL: the rule of meaning itself. Texts are ordered by their code points, whatever the database's collation."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

POSTGRES = Dialect(
    name="postgres",
    title="PostgreSQL",
    writes="postgres",
    # https://www.postgresql.org/docs/current/: 4.2.7 FILTER, 4.1.1 identifiers (63 bytes), 7.8.3 AS MATERIALIZED, 9.2 IS DISTINCT FROM.
    features=Features(filter=True, merge=False, distinct_from=True, materialised=True, name_case="lower", longest_name=63),
    # MERGE came with 15, pg_input_is_valid with 16 (release notes, E.1.3).
    since=(("15", {"merge": True}), ("16", {"guard": True})),
    session=("SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET IntervalStyle = 'postgres'"),
)
