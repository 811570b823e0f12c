"""Writes tests/golden/spel/refused.json and differences.json anew, from DuckDB. The last step of `make golden-spel`; read what changed."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from shared.pipelines.spel import SpelError
from shared.sql.render import sql
from tests.unit.spel.spel_rows import ANSWERS, EXPRESSIONS, GOLDEN, differing, evaluate, table_as_sql, told


def main() -> None:
    refused: dict[str, Any] = {}
    differences: dict[str, Any] = {}
    with duckdb.connect() as connection:
        connection.execute(table_as_sql("duckdb"))
        for expression in EXPRESSIONS:
            try:
                found = evaluate(lambda query: connection.execute(query).fetchall(), lambda tree: sql(tree, "duckdb"), expression)
            except SpelError as problem:
                refused[expression] = [problem.position, problem.message]
            except duckdb.OutOfRangeException:
                print(f"{expression} overflows")
            else:
                if here := {row: told(ours) for row, (ours, _) in differing(found, ANSWERS[expression]).items()}:
                    differences[expression] = here
    _write("refused.json", refused)
    _write("differences.json", differences)


def _write(name: str, entries: dict[str, Any]) -> None:
    lines = [f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
    (GOLDEN / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
