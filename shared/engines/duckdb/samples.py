"""What a person may look at of a stage's outputs: first rows, masked, and figures of columns. Only what costs next to nothing: rows of
temporary tables and of what was staged, and what the staged files say of themselves (nulls, least and greatest values).

A file is asked behind the attempt: its first rows cost decoding a whole group of them (measured: 26 ms for 100,000 rows of 20 columns). A
table costs less than a millisecond. Nothing here fails a stage: what cannot be had is not there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
from sqlglot import exp

from shared.datasets import Dataset
from shared.engines.duckdb import local_files
from shared.formats.calls import read_parquet
from shared.secrets.shown import looks_secret, shown

log = logging.getLogger(__name__)
FIRST = 10
# Of a wide stage, the first ports are enough to look at.
MOST_PORTS = 50
# A slot is not kept longer than so, and a file more, for what nobody waits for.
MOST_S = 2.0
_NUMBERS = ("SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "DOUBLE PRECISION")


def samples(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], datasets: Iterable[Dataset]) -> Iterator[dict[str, Any]]:
    """{port, rows, profile}: of temporary tables by their names, and of staged outputs; each port once, staged ones first."""
    until = time.monotonic() + MOST_S
    staged = list(datasets)[:MOST_PORTS]
    seen = {dataset.port for dataset in staged}
    for dataset in staged:
        if time.monotonic() > until:
            return
        if (small := local_files.first(dataset, FIRST)) is not None:
            yield {"port": dataset.port, "rows": [_shown(row) for row in small[0]], "profile": _profile(dataset, small[1])}
            continue
        yield from _tried(connection, dataset.port, read_parquet([dataset.uri]), dataset)
    # What a node makes of its inputs before its own work is no port of the recipe.
    ports = [table for table in tables if table not in seen and " " not in table]
    for table in ports[: MOST_PORTS - len(staged)]:
        yield from _tried(connection, table, exp.Table(this=exp.to_identifier(table, quoted=True)), None)


def _tried(connection: duckdb.DuckDBPyConnection, port: str, source: exp.Expr, dataset: Dataset | None) -> Iterator[dict[str, Any]]:
    try:
        found = connection.execute(exp.select(exp.Star()).from_(source).limit(FIRST).sql("duckdb", copy=False))
        names = [str(column[0]) for column in found.description or ()]
        rows = [_shown(dict(zip(names, row, strict=True))) for row in found.fetchall()]
        yield {"port": port, "rows": rows, "profile": _profile(dataset, _statistics(connection, dataset)) if dataset is not None else None}
    except duckdb.Error as error:
        log.warning("no sample of %s: %s", port, error)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """What was added for counting is no column of the recipe."""
    return {name: shown(value, name) for name, value in row.items() if not name.startswith("__")}


def _statistics(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> dict[str, list[tuple[Any, ...]]]:
    wanted = ("path_in_schema", "stats_min_value", "stats_max_value", "stats_null_count", "stats_distinct_count")
    metadata = exp.Anonymous(this="parquet_metadata", expressions=[exp.Array(expressions=[exp.Literal.string(dataset.uri)])])
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for name, *figures in connection.execute(exp.select(*map(exp.column, wanted)).from_(metadata).sql("duckdb", copy=False)).fetchall():
        groups.setdefault(str(name), []).append(tuple(figures))
    return groups


def _profile(dataset: Dataset, groups: Mapping[str, list[tuple[Any, ...]]]) -> list[dict[str, Any]]:
    """For each column {name, type, rows, nulls, min, max, distinct} by the file's own statistics; null is "not known"."""
    return [
        {"name": column.name, "type": column.type, "rows": dataset.rows, **_figures(column.name, column.type, groups.get(column.name, []))}
        for column in dataset.columns
    ]


def _figures(name: str, kind: str, groups: list[tuple[Any, ...]]) -> dict[str, Any]:
    nulls = [group[2] for group in groups]
    # Several groups of rows may share values: how many there are in all is known of one only.
    distinct = groups[0][3] if len(groups) == 1 else None
    least, greatest = ([_value(group[at], kind) for group in groups if group[at] is not None] for at in (0, 1))
    return {
        "nulls": sum(nulls) if nulls and None not in nulls else None,
        "min": shown(min(least), name) if least else None,
        "max": shown(max(greatest), name) if greatest else None,
        "distinct": None if looks_secret(name) else distinct,
    }


def _value(text: str, kind: str) -> Any:
    """Statistics are text; numbers are compared as numbers, dates and times as their text is."""
    return Decimal(text) if kind.partition("(")[0] in _NUMBERS else text
