"""Oracle: an empty text is NULL, so nothing that may become one is computed there."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features, Temporary
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.booleans import BOOLEANS
from shared.sql.rewrites.casts import DAYS, types
from shared.sql.rewrites.concatenation import NULL_JOINS_TO_NULL
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.likes import ESCAPES
from shared.sql.rewrites.limits import LIMITS
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.whole_division import SLASH_IS_EXACT

# Data Types, in the SQL Language Reference: NUMBER(p) of whole numbers, BINARY_DOUBLE of IEEE's; a CLOB could not be compared.
_TYPES = {
    "SMALLINT": "NUMBER(5)",
    "INTEGER": "NUMBER(10)",
    "BIGINT": "NUMBER(19)",
    "NUMERIC": "NUMBER",
    "REAL": "BINARY_FLOAT",
    "DOUBLE PRECISION": "BINARY_DOUBLE",
    "TEXT": "VARCHAR2(4000)",
    "BOOLEAN": "NUMBER(1)",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
}

# CREATE TABLE, in the SQL Language Reference: private temporary tables (from 18c) are made without a commit, and their names begin so
# (PRIVATE_TEMP_TABLE_PREFIX, in the Database Reference).
TEMPORARY = Temporary("CREATE PRIVATE TEMPORARY TABLE {name} ON COMMIT PRESERVE DEFINITION AS {select}", "ORA$PTT_")

ORACLE = Dialect(
    name="oracle",
    title="Oracle",
    writes="oracle",
    passes=(
        QUALIFY,
        FILTERS,
        LIMITS,
        AVERAGES,
        EXTREMES,
        DISTINCT_FROM,
        SLASH_IS_EXACT,
        NULL_JOINS_TO_NULL,
        ESCAPES,
        DAYS,
        BOOLEANS,
        types(_TYPES),
    ),
    # SQL Language Reference: 3 Comparison Operators, 19 SELECT (row_limiting_clause, from 12.1), Database Object Names (128 from 12.2).
    features=Features(booleans=False, distinct_from=False, empty_is_null=True, temporary=TEMPORARY, limit="rownum", longest_name=30),
    since=(("12.1", {"limit": "fetch"}), ("12.2", {"longest_name": 128, "guard": True}), ("23", {"booleans": True})),
    session=(
        "ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,'",
        "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6'",
    ),
)
