"""Oracle: an empty text is NULL, so nothing that may become one is computed there."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

ORACLE = Dialect(
    name="oracle",
    title="Oracle",
    writes="oracle",
    # SQL Language Reference: 3 Comparison Operators, 19 SELECT (row_limiting_clause, from 12.1), Database Object Names (128 from 12.2).
    features=Features(booleans=False, distinct_from=False, empty_is_null=True, temporary=False, limit="rownum", longest_name=30),
    since=(("12.1", {"limit": "fetch"}), ("12.2", {"longest_name": 128, "guard": True}), ("23", {"booleans": True})),
    session=(
        "ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,'",
        "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6'",
    ),
)
