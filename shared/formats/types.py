"""Our column types (PostgreSQL's spelling) in DuckDB's words, and back. Widening only: no value of the one is lost in the other.

NUMERIC without a precision has no like in DuckDB; it is carried as DECIMAL(38, 10), and a value with more digits is an error, not
rounded away unseen by whoever reads it (see the reading side).
"""

from __future__ import annotations

import re

_OURS: dict[str, str] = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "SMALLINT",
    "UTINYINT": "SMALLINT",
    "SMALLINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "INTEGER": "INTEGER",
    "UINTEGER": "BIGINT",
    "BIGINT": "BIGINT",
    "UBIGINT": "NUMERIC(20, 0)",
    "HUGEINT": "NUMERIC(38, 0)",
    "UHUGEINT": "NUMERIC(38, 0)",
    "BIGNUM": "TEXT",
    "FLOAT": "REAL",
    "DOUBLE": "DOUBLE PRECISION",
    "VARCHAR": "TEXT",
    "BIT": "TEXT",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIME_NS": "TIME",
    "TIME WITH TIME ZONE": "TEXT",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
    "INTERVAL": "INTERVAL",
    "BLOB": "BYTEA",
    "UUID": "UUID",
    "JSON": "JSON",
    "NULL": "TEXT",
    '"NULL"': "TEXT",
}
_DUCKDB: dict[str, str] = {
    "BOOLEAN": "BOOLEAN",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "FLOAT",
    "DOUBLE PRECISION": "DOUBLE",
    "NUMERIC": "DECIMAL(38,10)",
    "TEXT": "VARCHAR",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "INTERVAL": "INTERVAL",
    "BYTEA": "BLOB",
    "UUID": "UUID",
    "JSON": "JSON",
}
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


def ours(duckdb_type: str) -> str:
    """DuckDB's type as `DESCRIBE` prints it, in our spelling. Structures become JSON, what has no like becomes TEXT."""
    if duckdb_type.endswith("[]"):
        return f"{ours(duckdb_type[:-2])}[]"
    if decimal := _DECIMAL.fullmatch(duckdb_type):
        return f"NUMERIC({decimal[1]}, {decimal[2] or 0})"
    if duckdb_type.startswith(("STRUCT(", "MAP(", "UNION(")):
        return "JSON"
    if duckdb_type.endswith("]"):
        return f"{ours(duckdb_type[: duckdb_type.rindex('[')])}[]"
    return _OURS.get(duckdb_type, "TEXT")


def duckdb(our_type: str) -> str:
    """Our type as DuckDB writes it. A precision that DuckDB cannot hold is carried as text; so is what is not on the list."""
    if our_type.endswith("[]"):
        return f"{duckdb(our_type[:-2])}[]"
    if decimal := _DECIMAL.fullmatch(our_type):
        return f"DECIMAL({decimal[1]},{decimal[2] or 0})" if int(decimal[1]) <= 38 else "VARCHAR"
    return _DUCKDB.get(our_type, "VARCHAR")
