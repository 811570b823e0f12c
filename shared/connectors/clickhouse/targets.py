"""The table that a sink names, made where it may be, and what stands in the way of writing to it exactly once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shared.connectors.clickhouse.catalogue import Table, find
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.types import declared
from shared.connectors.errors import Misconfigured, NotFound
from shared.connectors.evolution import added, default_of
from shared.connectors.protocols import SinkWrite
from shared.datasets import Column, Columns
from shared.sql.literals import literal
from shared.sql.reads import named

# Of blocks that a table made here remembers; a stage's own are found again for as long as others have not inserted that many.
WINDOW = 1000


def target(server: Server, write: SinkWrite, columns: Columns) -> Table:
    table = find(server, write.target)
    if table is None:
        if not write.options.get("createTable"):
            raise NotFound(f"table {write.target} is not there; make it, or set createTable: true on the sink")
        server.tell(_created(write, columns))
        table = find(server, write.target)
        assert table is not None
    missing = list(added(write, [column.name for column in table.columns]))
    for column in missing:
        server.tell(_added(write, column))
    if missing:
        table = find(server, write.target)
        assert table is not None
    _check(table, write)
    return table


def taken(table: Table, write: SinkWrite, names: Sequence[str]) -> list[tuple[Column, str]]:
    """The table's columns in the rows' order, with the server's word for each type."""
    there = {column.name: (column, kind) for column, kind in zip(table.columns, table.declared, strict=True)}
    missing = [name for name in names if name not in there]
    if missing:
        raise NotFound(f"table {write.target} has no column {missing[0]}; add it, or drop the column before the sink")
    return [there[name] for name in names]


def _check(table: Table, write: SinkWrite) -> None:
    _MODES[write.write_mode](table, write)


def _insert(table: Table, write: SinkWrite) -> None:
    if not table.window and write.options.get("delivery") != "at_least_once":
        raise Misconfigured(
            f"table {write.target} ({table.engine}) remembers no inserted blocks, so rows that are sent twice would be there twice; set"
            f" its non_replicated_deduplication_window (to {WINDOW}, say), or delivery: at_least_once on the sink"
        )


def _upsert(table: Table, write: SinkWrite) -> None:
    if not table.replacing:
        raise Misconfigured(
            f"table {write.target} is a {table.engine}, which keeps every row of a key; UPSERT into a ReplacingMergeTree, or use INSERT"
        )
    if table.sorted_by is None or sorted(table.sorted_by) != sorted(write.upsert_keys):
        said = ", ".join(table.sorted_by) if table.sorted_by is not None else "an expression"
        raise Misconfigured(f"table {write.target} replaces rows by its ORDER BY, which is {said}; give the same columns as upsertKeys")
    if outside := [name for name in table.parted_by if name not in write.upsert_keys]:
        raise Misconfigured(
            f"table {write.target} is partitioned by {outside[0]}, which is no key, and rows of two partitions never replace one another;"
            " partition it by a key"
        )


def _overwrite(table: Table, write: SinkWrite) -> None:
    if not table.engine.endswith("MergeTree") or not table.exchanges:
        raise Misconfigured(
            f"table {write.target} ({table.engine}) cannot be exchanged for another in one step; OVERWRITE takes a MergeTree in a database"
            " of engine Atomic, or a replicated one in a database of engine Replicated"
        )


_MODES = {"INSERT": _insert, "UPSERT": _upsert, "OVERWRITE": _overwrite}


def _added(write: SinkWrite, column: Column) -> str:
    """Types are written as they are: sqlglot would make them Nullable once more."""
    default = default_of(write, column.name)
    said = f" DEFAULT {literal(default).sql('clickhouse')}" if default is not None else ""
    table, kind = named(write.target).sql(dialect="clickhouse"), declared(column, key=False)
    return f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {identifier(column.name)} {kind}{said}"


def _created(write: SinkWrite, found: Columns) -> str:
    planned = {column.name: column.type for column in write.columns if column.type != "UNKNOWN"}
    parts = []
    for column in found:
        kind = declared(Column(column.name, planned.get(column.name, column.type)), key=column.name in write.upsert_keys)
        parts.append(f"{identifier(column.name)} {kind}")
    keys = ", ".join(map(identifier, write.upsert_keys))
    engine = f"ReplacingMergeTree ORDER BY ({keys})" if keys else "MergeTree ORDER BY tuple()"
    name = named(write.target).sql(dialect="clickhouse")
    settings = f"SETTINGS non_replicated_deduplication_window = {WINDOW}"
    return f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(parts)}) ENGINE = {engine} {settings}"


def identifier(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="clickhouse")
