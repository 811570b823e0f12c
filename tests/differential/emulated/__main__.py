"""`python -m tests.differential.emulated [--write]`: the golden queries on H2 (as Oracle, as SQL Server) and on fakesnow.

Their rows are compared with DuckDB's, and so is what the statements leave that publish rows (`writing.py`).

`--write` records in shared/sql/trust_proven.json, as emulated, what every query that gave the same rows is made of. Ends with 1 where one
gave other rows or could not be read, but for what an emulation is known to lack. H2 and fakesnow are fetched into the folder .emulated.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from shared.sql.constructs import constructs
from shared.sql.render import sql
from shared.sql.trust import trust
from tests.differential.emulated import h2, writing
from tests.unit.sql.dialect_cases import COLUMNS, QUERIES, rows, tree

FETCHED = Path(".emulated")
PROVEN = Path("shared/sql/trust_proven.json")
# The versions that the emulations imitate, as their servers would tell them; Snowflake is one for all.
VERSIONS = {"oracle": "19", "sqlserver": "16", "snowflake": "*"}
# The connector's fifth version is another program inside, which fakesnow does not know.
FAKESNOW = ("fakesnow==0.12.1", "snowflake-connector-python<5")

# Where the emulation is wrong and not what we say to it, and why.
LIMITS = {
    ("snowflake", "whole_division"): "fakesnow divides by way of doubles",
    ("snowflake", "whole_division_large"): "fakesnow divides by way of doubles",
    ("snowflake", "sums"): "fakesnow sums as doubles",
    ("snowflake", "averages"): "fakesnow puts a cast around DISTINCT",
    ("snowflake", "decimals"): "fakesnow multiplies decimals in 18 digits",
    ("oracle", "full_join"): "H2 has no FULL JOIN",
    ("oracle", "full_join_groups"): "H2 has no FULL JOIN",
    ("sqlserver", "full_join"): "H2 has no FULL JOIN",
    ("sqlserver", "parts_of_days"): "H2 has no DATEPART",
}


def main(write: bool) -> int:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    FETCHED.mkdir(exist_ok=True)
    expected = on_duckdb()
    differ = 0
    for dialect in VERSIONS:
        asked = {name: tree(name) for name in QUERIES}
        queries = {
            name: sql(one, dialect, VERSIONS[dialect])
            for name, one in asked.items()
            if name in expected and trust(one, dialect, VERSIONS[dialect]).at_least("documented")
        }
        said = on_fakesnow(queries) if dialect == "snowflake" else on_h2(dialect, queries)
        same = []
        for name, answer in said.items():
            ordered = asked[name].args.get("order") is not None
            if (dialect, name) in LIMITS:
                print(f"{dialect}: {name} is left out: {LIMITS[dialect, name]}")
            elif isinstance(answer, str):
                differ += 1
                print(f"{dialect}: {name} could not be read: {answer}")
            elif comparable(answer, ordered=ordered) == comparable(expected[name], ordered=ordered):
                same.append(name)
            else:
                differ += 1
                print(f"{dialect}: {name} gives other rows\n  {queries[name]}\n  {answer[:4]}\n  {expected[name][:4]}")
        print(f"{dialect}: {len(same)} of {len(queries)} queries give DuckDB's rows")
        wrong = writing.differences(dialect, fakesnow_answers if dialect == "snowflake" else partial(h2_answers, dialect))
        differ += len(wrong)
        print("\n".join(wrong) or f"{dialect}: INSERT, UPSERT and OVERWRITE leave the rows they should")
        if write:
            record(dialect, same)
    return 1 if differ else 0


def on_duckdb() -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect() as connection:
        for table in ("t", "u"):
            declared = ", ".join(f'"{c.name}" {c.type}' for c in COLUMNS)
            connection.execute(f"CREATE TABLE {table} ({declared})")
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(COLUMNS))})", data(table))
        return {
            name: connection.execute(sql(tree(name), "duckdb")).fetchall()
            for name in QUERIES
            if trust(tree(name), "duckdb").at_least("documented")
        }


def data(table: str) -> list[list[Any]]:
    """Without empty texts, which are NULLs in Oracle."""
    return [["x" if value == "" else value for value in row] for row in rows(table)]


def prepared(types: dict[str, str], quote: str, plain: bool) -> list[str]:
    """Tables in the emulation's own words; `plain`: booleans are numbers."""
    made = []
    for table in ("t", "u"):
        declared = ", ".join(f"{quote[0]}{c.name}{quote[1]} {types.get(c.type, c.type)}" for c in COLUMNS)
        made.append(f"CREATE TABLE {quote[0]}{table}{quote[1]} ({declared})")
        for row in data(table):
            made.append(f"INSERT INTO {quote[0]}{table}{quote[1]} VALUES ({', '.join(literal(value, plain) for value in row)})")
    return made


def literal(value: Any, plain: bool) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value)) if plain else str(value).upper()
    if isinstance(value, datetime):
        return f"CAST('{value.isoformat(sep=' ')}' AS TIMESTAMP)"
    if isinstance(value, date):
        return f"CAST('{value.isoformat()}' AS DATE)"
    return str(value) if isinstance(value, int | float | Decimal) else "'" + value.replace("'", "''") + "'"


def on_h2(dialect: str, queries: dict[str, str]) -> dict[str, Any]:
    types = {"TEXT": "VARCHAR(100)", "BOOLEAN": "INTEGER"}
    return h2_answers(dialect, prepared(types, '""' if dialect == "oracle" else "[]", plain=True), queries)


def h2_answers(dialect: str, statements: list[str], queries: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return dict(h2.answers(h2.fetched(FETCHED.absolute()), Path(folder), dialect, statements, queries))


def on_fakesnow(queries: dict[str, str]) -> dict[str, Any]:
    return fakesnow_answers(prepared({"TIMESTAMP": "TIMESTAMP_NTZ"}, '""', plain=False), queries)


def fakesnow_answers(statements: list[str], queries: dict[str, str]) -> dict[str, Any]:
    """`statements` must go well; `queries`, by name, are answered with rows or an error."""
    place = FETCHED / "fakesnow"
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *FAKESNOW], check=True)
    asked = {"prepared": statements, "queries": queries}
    script = Path(__file__).with_name("on_fakesnow.py")
    told = subprocess.run(
        [str(place / "bin" / "python"), str(script)], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise RuntimeError(told.stderr[-2000:])
    answers: dict[str, Any] = json.loads(told.stdout)
    return answers


def comparable(found: Iterable[Iterable[Any]], *, ordered: bool) -> list[tuple[str, ...]]:
    """All values as texts: numbers by their value to 14 digits, booleans as 1 and 0, moments without zeros at their ends."""

    def plain(value: Any) -> str:
        if value is None:
            return "NULL"
        text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
        if text.lower() in ("true", "false"):
            return "1" if text.lower() == "true" else "0"
        try:
            number = Decimal(text)
            return (
                f"{number.normalize() + 0:f}"
                if not isinstance(value, float) and "E" not in text
                else f"{Decimal(f'{float(text):.13g}').normalize():f}"
            )
        except InvalidOperation:
            return text.rstrip("0").rstrip(".") if text[4:5] == "-" and ":" in text else text

    made = [tuple(plain(value) for value in row) for row in found]
    return made if ordered else sorted(made)


def record(dialect: str, names: list[str]) -> None:
    held = json.loads(PROVEN.read_text())
    seen: dict[str, set[str]] = {}
    for name in names:
        for one in constructs(tree(name)):
            seen.setdefault(one.name, set()).add(", ".join(one.types))
    held.setdefault(dialect, {}).setdefault("emulated", {})[VERSIONS[dialect]] = {
        name: sorted(types) for name, types in sorted(seen.items())
    }
    PROVEN.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
