"""The rows that generated recipes work on: a few small tables, the same columns in each, full of edge values.

Of each kind of column there is one without NULLs and one with; what a column is called tells both. Rows come from a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TABLES = 6
ROWS = 24
NULL_SHARE = 0.2


@dataclass(frozen=True)
class Kind:
    """A kind of column: `type` is the language's; small kinds may be added and multiplied, `extremes` hold the ends of their range."""

    name: str
    type: str
    arrow: pa.DataType
    values: tuple[Any, ...]
    draw: Callable[[Random], Any] | None = None


def _text(rng: Random) -> str:
    return "".join(rng.choice("aAbBzZ 09łŁéÉß_%-'") for _ in range(rng.randrange(6)))


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("int", "INTEGER", pa.int32(), (0, 1, -1, 2, -2, 3, 7, -7, 10, 100), lambda r: r.randrange(-50, 51)),
        Kind("big", "BIGINT", pa.int64(), (0, 1, -1, 2, 5, -5, 1000003, -999983), lambda r: r.randrange(-10_000, 10_001)),
        Kind("edge", "BIGINT", pa.int64(), (0, -1, 2**63 - 1, -(2**63), 2**31, -(2**31) - 1, 2**53 + 1)),
        Kind(
            "money",
            "NUMERIC(12, 2)",
            pa.decimal128(12, 2),
            tuple(Decimal(v) for v in ("0.00", "0.01", "-0.01", "0.50", "1.50", "2.50", "-2.50", "-0.50", "99999.99", "-1000.05", "3.00")),
            lambda r: Decimal(r.randrange(-100_000, 100_001)) / 100,
        ),
        Kind(
            "long",
            "NUMERIC(24, 10)",
            pa.decimal128(24, 10),
            tuple(
                Decimal(v)
                for v in (
                    "0",
                    "0.0000000001",
                    "-0.0000000001",
                    "12345678901234.0123456789",
                    "-12345678901234.5",
                    "0.3333333333",
                    "2.5",
                    "-1",
                )
            ),
        ),
        Kind("real", "DOUBLE PRECISION", pa.float64(), (0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 0.1, 1e-9, -1e15, 123456.789, 1 / 3)),
        Kind(
            "text",
            "TEXT",
            pa.string(),
            (
                "",
                " ",
                "a",
                "A",
                "ab",
                "Ab",
                " ab ",
                "ab ",
                "a ",
                "ab  ",
                "Łódź",
                "łódź",
                "straße",
                "ÉCOLE",
                "école",
                "it's",
                "10%",
                "a_b",
                "a\\b",
                "10",
                "-3",
                "3.7",
                " 42 ",
                "+5",
                "1e3",
                "NULL",
                "true",
                "2024-02-29",
                "2023-02-29",
                "🙂x",
                "a\tb",
                "a\nb",
            ),
            _text,
        ),
        Kind("flag", "BOOLEAN", pa.bool_(), (True, False)),
        Kind(
            "day",
            "DATE",
            pa.date32(),
            tuple(
                date.fromisoformat(d)
                for d in (
                    "1970-01-01",
                    "2000-02-29",
                    "1900-02-28",
                    "2024-02-29",
                    "2023-12-31",
                    "2024-01-01",
                    "9999-11-30",
                    "0001-03-01",
                    "1582-10-15",
                    "2026-03-29",
                )
            ),
            lambda r: date(2020, 1, 1) + timedelta(days=r.randrange(2500)),
        ),
        Kind(
            "at",
            "TIMESTAMP",
            pa.timestamp("us"),
            tuple(
                datetime.fromisoformat(d)
                for d in (
                    "1970-01-01T00:00:00",
                    "1969-12-31T23:59:59.999999",
                    "2024-02-29T12:30:45.123456",
                    "2026-03-29T02:30:00",
                    "2026-10-25T02:30:00",
                    "2000-01-01T00:00:00.5",
                    "1900-01-01T00:00:00",
                )
            ),
            lambda r: datetime(2020, 1, 1) + timedelta(seconds=r.randrange(10**8)),
        ),
        Kind(
            "zoned",
            "TIMESTAMPTZ",
            pa.timestamp("us", tz="UTC"),
            tuple(
                datetime.fromisoformat(d).replace(tzinfo=UTC)
                for d in (
                    "1970-01-01T00:00:00",
                    "2024-02-29T23:30:00",
                    "2026-03-29T00:59:59.999999",
                    "2026-03-29T01:00:00",
                    "2026-10-25T00:30:00",
                    "2026-10-25T01:30:00",
                )
            ),
            lambda r: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=r.randrange(10**8)),
        ),
    )
}


def column_name(kind: str, nulls: bool) -> str:
    return f"{kind}_null" if nulls else kind


# Databases keep less than the language has: SQLite 15 digits of a decimal, MariaDB's TIMESTAMP the years from 1971 to 2037,
# ClickHouse days from 1900 to 2299.
_KEPT_EVERYWHERE: Mapping[str, Callable[[Any], bool]] = {
    "long": lambda value: len(value.as_tuple().digits) <= 15,
    "day": lambda value: 1900 <= value.year < 2300,
    "at": lambda value: 1900 <= value.year < 2300,
    "zoned": lambda value: 1971 <= value.year < 2038,
}
ALL_VALUES, KEPT_EVERYWHERE = "t", "e"


def make(seed: int) -> dict[str, pa.Table]:
    """t0 … t5: a unique `id` and each kind of column twice. The last table is empty; empty inputs are edge values too.

    e0 … e5: the same of values that every database keeps.
    """
    rng = Random(seed)
    return {
        f"{letter}{n}": _table(rng, 0 if n == TABLES - 1 else ROWS, everywhere=letter == KEPT_EVERYWHERE)
        for letter in (ALL_VALUES, KEPT_EVERYWHERE)
        for n in range(TABLES)
    }


def _table(rng: Random, rows: int, *, everywhere: bool) -> pa.Table:
    columns: dict[str, pa.Array] = {"id": pa.array(range(1, rows + 1), pa.int64())}
    for kind in KINDS.values():
        for nulls in (False, True):
            values = [None if nulls and rng.random() < NULL_SHARE else _value(rng, kind, everywhere=everywhere) for _ in range(rows)]
            columns[column_name(kind.name, nulls)] = pa.array(values, kind.arrow)
    return pa.table(columns)


def _value(rng: Random, kind: Kind, *, everywhere: bool) -> Any:
    kept = _KEPT_EVERYWHERE.get(kind.name, lambda _: True) if everywhere else lambda _: True
    if kind.draw is not None and rng.random() < 0.4:
        return kind.draw(rng)
    return rng.choice([value for value in kind.values if kept(value)])


def write(tables: Mapping[str, pa.Table], folder: Path) -> None:
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
