"""Queries on fakesnow, which speaks Snowflake's SQL over a DuckDB of its own; in an environment of its own, since it brings another DuckDB.

Started by path with that environment's Python: reads {prepared, queries} as JSON, writes {name: rows or error} as JSON.
"""

from __future__ import annotations

import json
import sys

import fakesnow
import snowflake.connector


def main() -> None:
    asked = json.load(sys.stdin)
    said = {}
    with fakesnow.patch():
        connection = snowflake.connector.connect(database="D", schema="S")
        cursor = connection.cursor()
        for statement in asked["prepared"]:
            cursor.execute(statement)
        for name, query in asked["queries"].items():
            try:
                said[name] = [[None if value is None else str(value) for value in row] for row in cursor.execute(query).fetchall()]
            except Exception as error:  # noqa: BLE001 (whatever it says is the answer)
                said[name] = f"{type(error).__name__}: {error}"[:300]
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
