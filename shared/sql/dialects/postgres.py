"""PostgreSQL: the rule of meaning itself. Texts are ordered by their code points, whatever the database's collation."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import EXACT_AVERAGES
from shared.sql.rewrites.collation import TEXT_ORDER
from shared.sql.rewrites.guards import GUARDS
from shared.sql.rewrites.postgres_decimals import DECIMALS
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.truncation import TRUNCATION
from shared.sql.rewrites.whole_division import DECIMALS_BY_DIV, SLASH_TRUNCATES

POSTGRES = Dialect(
    name="postgres",
    title="PostgreSQL",
    writes="postgres",
    passes=(
        QUALIFY,
        TRUNCATION,
        EXACT_AVERAGES,
        TEXT_ORDER,
        DECIMALS_BY_DIV,
        SLASH_TRUNCATES,
        DECIMALS,
        GUARDS,
    ),
    # https://www.postgresql.org/docs/current/: 4.2.7 FILTER, 4.1.1 identifiers (63 bytes), 7.8.3 AS MATERIALIZED, 9.2 IS DISTINCT FROM.
    features=Features(filter=True, merge=False, distinct_from=True, materialised=True, snapshot=True, name_case="lower", longest_name=63),
    # MERGE came with 15, pg_input_is_valid with 16 (release notes, E.1.3).
    since=(("15", {"merge": True}), ("16", {"guard": True})),
    session=("SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET IntervalStyle = 'postgres'"),
)
