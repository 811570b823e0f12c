"""Teradata: TOP without OFFSET, no booleans, and texts compared without their trailing spaces."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features, Temporary
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.booleans import BOOLEANS
from shared.sql.rewrites.casts import DAYS, types
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.limits import INNER_ORDER, LIMITS
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import SLASH_TRUNCATES

_TYPES = {
    "TEXT": "VARCHAR(32000) CHARACTER SET UNICODE",
    "BOOLEAN": "BYTEINT",
    "TIMESTAMP": "TIMESTAMP(6)",
    "TIMESTAMPTZ": "TIMESTAMP(6) WITH TIME ZONE",
}

# Teradata SQL Data Definition Language, CREATE TABLE … AS: a volatile table is the session's own; SET would drop rows that are alike.
TEMPORARY = Temporary("CREATE MULTISET VOLATILE TABLE {name} AS ({select}) WITH DATA NO PRIMARY INDEX ON COMMIT PRESERVE ROWS")

TERADATA = Dialect(
    name="teradata",
    title="Teradata",
    writes="teradata",
    passes=(
        UNSIZED,
        FILTERS,
        LIMITS,
        INNER_ORDER,
        AVERAGES,
        SUMS,
        EXTREMES,
        DISTINCT_FROM,
        SLASH_TRUNCATES,
        DAYS,
        BOOLEANS,
        types(_TYPES),
    ),
    # Teradata Vantage SQL Data Manipulation Language: TOP n, QUALIFY, MERGE; Data Types and Literals: TRYCAST; Object names (128).
    features=Features(booleans=False, qualify=True, guard=True, temporary=TEMPORARY, limit="top", nulls="small"),
    session=("SET TIME ZONE INTERVAL '00:00' HOUR TO MINUTE",),
)
