"""What a ClickHouse server says of its tables and of what a query returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.types import nullable, our_type
from shared.connectors.errors import BadQuery
from shared.datasets import Column, Columns
from shared.sql.reads import inner
from shared.sql.table_names import part, split

_SETTING = r"\b{name} = (\d+)"


@dataclass(frozen=True, slots=True)
class Table:
    """`place`: database and table. `declared`: the server's own words for the types, in the order of `columns`.

    `sorted_by`: the columns of the sorting key; None where it holds an expression. `parted_by`: columns that the partition key looks at.
    `window`: of how many blocks the table remembers that they were inserted. `exchanges`: another table can take its place in one step,
    on all servers that hold it.
    """

    place: tuple[str, str]
    columns: Columns
    declared: tuple[str, ...]
    engine: str
    sorted_by: tuple[str, ...] | None
    parted_by: tuple[str, ...]
    window: int
    exchanges: bool
    comment: str
    rows: int | None

    @property
    def target(self) -> str:
        """As `shared.sql.table_names` reads it."""
        return f"{part(self.place[0])}.{part(self.place[1])}"

    @property
    def replacing(self) -> bool:
        return self.engine.endswith("ReplacingMergeTree")

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Only these tables have one row of a key, and only as they are read here, merged first."""
        return (self.sorted_by,) if self.replacing and self.sorted_by else ()


def place_of(server: Server, target: str) -> tuple[str, str]:
    schema, name = split(target)
    return schema or server.database, name


def find(server: Server, target: str) -> Table | None:
    place = place_of(server, target)
    which = {"database": place[0], "table": place[1]}
    found = server.ask(
        "SELECT engine, engine_full, sorting_key, comment, total_rows, (SELECT engine FROM system.databases WHERE name = {database:String})"
        " FROM system.tables WHERE database = {database:String} AND name = {table:String}",
        **which,
    )
    if not found:
        return None
    (engine, said, sorting, comment, rows, holder) = found[0]
    described = server.ask(
        "SELECT name, type, is_in_partition_key FROM system.columns WHERE database = {database:String} AND table = {table:String}"
        " AND default_kind <> 'EPHEMERAL' ORDER BY position",
        **which,
    )
    return Table(
        place,
        tuple(Column(name, our_type(kind), nullable(kind)) for name, kind, _ in described),
        tuple(kind for _, kind, _ in described),
        engine,
        _plain_columns(sorting, [name for name, *_ in described]),
        tuple(name for name, _, parted in described if parted),
        _window(server, engine, said),
        holder in ("Replicated", "Shared") or (holder == "Atomic" and not engine.startswith("Replicated")),
        comment,
        None if rows is None else int(rows),
    )


def table_names(server: Server) -> list[str]:
    found = "SELECT name FROM system.tables WHERE database = {database:String} AND NOT is_temporary ORDER BY name LIMIT 5000"
    return [name for (name,) in server.ask(found, database=server.database)]


def query_columns(server: Server, query: str) -> tuple[Columns, tuple[str, ...]]:
    """What a query would return, ours and the server's types, without running it."""
    described = server.ask(f"DESCRIBE TABLE ({inner(query)})")
    if not described:
        raise BadQuery(f"{server.where}: the query returns no columns; give a SELECT")
    kinds = tuple(str(kind) for _, kind, *_ in described)
    return tuple(Column(str(name), our_type(kind)) for (name, *_), kind in zip(described, kinds, strict=True)), kinds


def _plain_columns(sorting: str, names: Sequence[str]) -> tuple[str, ...] | None:
    """`a, b` as it is told; a name that is no plain word stands in back quotes there."""
    spelled = {name: name for name in names} | {"`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`": name for name in names}
    parts: list[str] = []
    # A key that was written in parentheses is told in them where it is one column.
    rest = sorting.removeprefix("(").removesuffix(")") if sorting.startswith("(") else sorting
    while rest:
        # The longest, since one name may be the beginning of another.
        fits = [said for said in spelled if rest == said or rest.startswith(f"{said}, ")]
        if not fits:
            return None
        said = max(fits, key=len)
        parts.append(spelled[said])
        rest = rest[len(said) :].removeprefix(", ")
    return tuple(parts)


def _window(server: Server, engine: str, said: str) -> int:
    if not engine.endswith("MergeTree"):
        return 0
    shared = engine.startswith(("Replicated", "Shared"))
    name = "replicated_deduplication_window" if shared else "non_replicated_deduplication_window"
    if own := re.search(_SETTING.format(name=name), said):
        return int(own[1])
    table = "system.replicated_merge_tree_settings" if shared else "system.merge_tree_settings"
    found = server.ask(exp.select("value").from_(table).where(exp.EQ(this=exp.column("name"), expression=exp.Literal.string(name))))
    return int(found[0][0]) if found else 0
