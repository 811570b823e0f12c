"""MySQL and MariaDB: one grammar, two histories. Texts are compared as bytes of UTF-8, without padding, by a collation of that kind."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.casts import types
from shared.sql.rewrites.collation import text_columns
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.full_join import FULL_JOIN
from shared.sql.rewrites.null_order import NULL_ORDER
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.unsized_decimals import UNSIZED

_PASSES = (QUALIFY, FULL_JOIN, FILTERS, AVERAGES, EXTREMES, NULL_ORDER, UNSIZED, types({"TIMESTAMP": "DATETIME(6)"}))

_FEATURES = Features(
    full_join=False,
    distinct_from=True,
    merge=False,
    null_order=False,
    nulls="small",
    ctes=False,
    windows=False,
    snapshot=True,
    name_case="exact",
    longest_name=64,
)

MYSQL = Dialect(
    name="mysql",
    title="MySQL",
    writes="mysql",
    passes=(*_PASSES, text_columns("utf8mb4_0900_bin")),
    # https://dev.mysql.com/doc/refman/8.0/en/: identifiers.html, select.html, with.html, window-functions.html, join.html (no FULL).
    features=_FEATURES,
    since=(("8", {"ctes": True, "windows": True}),),
    session=(
        "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
        "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin",
        "SET SESSION time_zone = '+00:00'",
    ),
)

MARIADB = Dialect(
    name="mariadb",
    title="MariaDB",
    writes="mysql",
    passes=(*_PASSES, text_columns("utf8mb4_nopad_bin")),
    # https://mariadb.com/kb/en/: identifier-names, with, window-functions-overview, join-syntax (no FULL).
    features=_FEATURES,
    since=(("10.2", {"ctes": True, "windows": True}),),
    session=(
        "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
        "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin",
        "SET SESSION time_zone = '+00:00'",
    ),
)
