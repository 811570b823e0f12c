"""MySQL and MariaDB: one grammar, two histories. Texts are compared as bytes of UTF-8, without padding, by a collation of that kind."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

MYSQL = Dialect(
    name="mysql",
    title="MySQL",
    writes="mysql",
    # https://dev.mysql.com/doc/refman/8.0/en/: identifiers.html, select.html, with.html, window-functions.html, join.html (no FULL).
    features=Features(
        full_join=False, merge=False, null_order=False, nulls="small", ctes=False, windows=False, name_case="exact", longest_name=64
    ),
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
    # https://mariadb.com/kb/en/: identifier-names, with, window-functions-overview, join-syntax (no FULL).
    features=Features(
        full_join=False, merge=False, null_order=False, nulls="small", ctes=False, windows=False, name_case="exact", longest_name=64
    ),
    since=(("10.2", {"ctes": True, "windows": True}),),
    session=(
        "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
        "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin",
        "SET SESSION time_zone = '+00:00'",
    ),
)
