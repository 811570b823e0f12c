"""Rows that engines are compared over: each type, with NULLs, edges, repetitions, and texts that cannot be read."""

from __future__ import annotations

from pathlib import Path

import duckdb

# Left: one row in three is NULL in most columns, keys repeat. Right: some keys without a partner on either side, and a NULL key.
_LEFT = """
SELECT i::BIGINT AS id,
  CASE WHEN i % 7 = 0 THEN NULL ELSE (i % 5)::INTEGER END AS k,
  CASE WHEN i % 4 = 3 THEN NULL ELSE ['north', 'South', 'ÉAST', '', ' west ', 'a%b_c', 'zoë'][1 + i % 7] END AS s,
  CASE WHEN i % 5 = 2 THEN NULL ELSE ['12', ' -7 ', 'x', '3.7', '1e3', '2024-02-30', '9999999999', '0.125', ''][1 + i % 9] END AS t,
  CASE WHEN i % 6 = 5 THEN NULL ELSE (i * 37 % 101 - 50)::SMALLINT END AS h,
  CASE WHEN i % 6 = 4 THEN NULL ELSE (i * 7919 % 2003 - 1000)::INTEGER END AS n,
  CASE WHEN i % 6 = 3 THEN NULL ELSE (i::BIGINT * 900719925474099 - 9007199254740993) END AS b,
  CASE WHEN i % 6 = 2 THEN NULL ELSE ((i * 977 % 4001 - 2000) / 100)::DECIMAL(10, 2) END AS p,
  CASE WHEN i % 6 = 1 THEN NULL ELSE (i * 0.1 - 2)::DOUBLE END AS x,
  CASE WHEN i % 3 = 2 THEN NULL ELSE i % 2 = 0 END AS f,
  CASE WHEN i % 6 = 0 THEN NULL ELSE DATE '2023-11-30' + (i * 17 % 800)::INTEGER END AS d,
  CASE WHEN i % 6 = 1 THEN NULL ELSE TIMESTAMP '1969-12-31 23:59:58.25' + to_seconds(i * 3700123) END AS ts
FROM range(60) r(i)
"""
_RIGHT = """
SELECT (i % 8)::BIGINT AS k, 'r' || i AS name, ((i * 3 % 7) - 2)::DECIMAL(6, 1) AS w FROM range(11) r(i) WHERE i % 8 <> 2
UNION ALL SELECT NULL, 'nobody', 1.5
"""
_NAN = (
    "SELECT i::BIGINT AS id, ['1.5', 'NaN', '-0.0', '0', NULL, 'Infinity', '-Infinity', 'NaN'][1 + i % 8]::DOUBLE AS x FROM range(24) r(i)"
)


def written(folder: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, query in (("left", _LEFT), ("right", _RIGHT), ("odd", _NAN), ("none", f"SELECT * FROM ({_LEFT}) WHERE id < 0")):
            connection.execute(f"COPY ({query}) TO '{folder / name}.parquet'")
