"""What a database computes of a graph, in its own words: relations that name one another, over its own tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlglot import exp

from shared.datasets import Columns
from shared.engines.program import Program, Rejects, Sink, Statement
from shared.planning.count import Counting, select_of
from shared.planning.cut import Piece
from shared.planning.databases import Database, found_of, rows_of
from shared.planning.emit import rules_of
from shared.planning.figures import figures
from shared.planning.graph import Graph, Port, Source
from shared.planning.needs import Facts
from shared.planning.place import Region
from shared.planning.tally import InDatabase
from shared.planning.unique import keys_of
from shared.sql.dialects import dialect as dialect_of
from shared.sql.render import sql
from shared.sql.temporary import called
from shared.sql.typing import INTEGERS, annotated

# Names that engines cut off are not what was meant; a number makes them different before that.
_LONGEST = 60
_CAST = INTEGERS | {"REAL", "DOUBLE PRECISION"}
_NUMBERS = frozenset({"BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE PRECISION", "TEXT"})


# Relations by table, with types on every node (`Placement.typed`).
Typed = Mapping[str, exp.Select]


class Inside:
    """Some nodes of a graph, as one database says them."""

    def __init__(
        self, graph: Graph, nodes: Collection[str], database: Database, facts: Facts, types: Mapping[str, str], typed: Typed
    ) -> None:
        self._graph, self._facts, self._types, self.database = graph, facts, types, database
        features = dialect_of(database.dialect, database.version).features
        # Relations stand in one another where there is no WITH for them.
        self.nested = not features.ctes
        self.kept: Mapping[str, str] = {}
        position = {node: number for number, node in enumerate(graph.order)}
        self.sources = [node for node in graph.order if node in nodes and node in graph.sources]
        # What a node makes of its inputs comes before what it makes of that.
        ports = [
            replace(port, relation=replace(port.relation, select=typed[port.table]))
            for port in graph.ports.values()
            if port.node in nodes and port.for_sink is None
        ]
        self.ports = {port.table: port for port in sorted(ports, key=lambda port: (position[port.node], not port.internal, port.table))}
        self._names = {
            table: f"{number} {table}".encode()[:_LONGEST].decode(errors="ignore") for number, table in enumerate(self.tables, 1)
        }

    @property
    def tables(self) -> list[str]:
        return [*self.sources, *self.ports]

    def name(self, table: str) -> str:
        """What a relation is called: nothing that a table of the database is likely to be."""
        return self.kept.get(table, self._names[table])

    def keep(self, tables: Collection[str]) -> None:
        """These are tables of the session's own, with names as the database wants them; all else stands where it is used."""
        self.nested = True
        target = dialect_of(self.database.dialect, self.database.version)
        self.kept = {table: called(self._names[table], target) for table in tables}

    def text(self, tree: exp.Expr) -> str:
        return sql(tree, self.database.dialect, self.database.version)

    def select(self, table: str, counting: Counting | None = None) -> exp.Select:
        """The rows of a table over the relations it reads, sources where they stand unless they are kept."""
        if table in self.sources:
            return rows_of(self._graph.sources[table], found_of(self._graph, table, self._facts, self._types), self.database)
        port = self.ports[table]
        select = select_of(port, counting, _no_counter) if counting is not None else port.relation.select.copy()
        kept = counting.materialised if counting is not None else set()
        for found in list(select.find_all(exp.Table)):
            if found.name in port.inputs and not found.db:
                found.replace(
                    self._reference(found, counting, inline=(found.name in self.sources or self.nested) and found.name not in kept)
                )
        return select

    def rows(self, table: str, columns: Columns, counting: Counting | None = None) -> exp.Select:
        """Those columns of a named relation, in its order."""
        picked = [exp.column(column.name, table=table, quoted=True) for column in columns]
        select = exp.Select(expressions=picked).from_(exp.Table(this=exp.to_identifier(table, quoted=True)), copy=False)
        order = self.ports[table].relation.select.args.get("order") if table in self.ports else None
        if order is not None:
            keys = [
                exp.Ordered(
                    this=exp.column(key.this.name, table=table, quoted=True), desc=key.args["desc"], nulls_first=key.args["nulls_first"]
                )
                for key in order.expressions
            ]
            select.order_by(*keys, copy=False)
        # Typed while the table has its own name.
        annotated(select, {table: self._graph.columns(table)})
        inline = self.nested and table not in self.kept
        select.args["from_"].set("this", self._reference(select.args["from_"].this, counting, inline=inline))
        return select

    def _reference(self, table: exp.Table, counting: Counting | None, *, inline: bool) -> exp.Expr:
        """A relation where SQL has a table, by the name that the columns around it go by."""
        alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
        if inline:
            return exp.Subquery(this=self.select(table.name, counting), alias=alias)
        return exp.Table(this=exp.to_identifier(self.name(table.name), quoted=True), alias=alias)


def read_of(graph: Graph, region: Region, facts: Facts, types: Mapping[str, str], typed: Typed) -> Source:
    """A region as a source: one SELECT in its database's words."""
    inside = Inside(graph, region.nodes, region.database, facts, types, typed)
    tree = inside.select(region.exit)
    named = [
        exp.CTE(this=inside.select(table), alias=exp.TableAlias(this=exp.to_identifier(inside.name(table), quoted=True)))
        for table, port in inside.ports.items()
        # Rows that fail are dropped, where they are here at all.
        if table != region.exit and not port.error and not inside.nested
    ]
    if named:
        # Before those of a query that a person wrote, which read them.
        own = tree.args.get("with_")
        tree.set("with_", exp.With(expressions=[*named, *(own.expressions if own is not None else ())]))
    columns = graph.columns(region.exit)
    tree = _as_columns(graph, region.exit, tree)
    options = {"query": inside.text(tree), "surveyed": [column.to_json() for column in columns]}
    return Source(
        graph.owner(region.exit), region.exit, region.database.connector, options, columns, tuple(column.name for column in columns)
    )


def _as_columns(graph: Graph, table: str, tree: exp.Select) -> exp.Select:
    """Numbers in the types that the columns of a result have: a database's own decimals have as many places as each value needs."""
    kinds = {column.name: column.type for column in graph.columns(table)}
    for expression in list(tree.expressions):
        name = expression.alias_or_name
        # A column of the database's own tables has a type already.
        stored = isinstance(expression, exp.Column) and expression.table in graph.sources
        if not stored and (kinds[name] in _CAST or kinds[name].startswith("NUMERIC(")):
            expression.replace(exp.alias_(exp.cast(expression.unalias(), kinds[name], dialect="postgres"), name, quoted=True))
    return tree


def emitted_inside(graph: Graph, piece: Piece, home: Database, facts: Facts, types: Mapping[str, str], typed: Typed) -> Program:
    """A piece that runs in one database with its sinks. One sink and no rejects: one statement computes, writes and counts, where the
    statements around it see the same moment; else what is used or counted more than once is kept first.
    """
    inside = Inside(graph, piece.nodes, home, facts, types, typed)
    sinks = [node for node in piece.nodes if node in graph.sinks]
    users: dict[str, list[str | tuple[str, str]]] = {table: [] for table in inside.tables}
    for port in inside.ports.values():
        for table in port.inputs:
            users[table].append(port.table)
    for sink in sinks:
        users[graph.sink_inputs[sink]].append(("sink", sink))
    rejecting = [port for port in inside.ports.values() if port.error and not users[port.table] and not graph.skips(port.node)]
    features = dialect_of(home.dialect, home.version).features
    together = features.snapshot and features.ctes
    one = len(sinks) == 1 and not rejecting and together
    way = "statement" if one else "kept"
    counting = InDatabase(graph, inside.ports, frozenset(inside.sources), frozenset(), users, inside=frozenset(users), way=way)
    if not one:
        # Several statements see several moments: what they share, and what is written, is computed once and before.
        shared = [table for table in users if len(users[table]) > 1]
        counting.materialised |= {*shared, *(graph.sink_inputs[sink] for sink in sinks if len(sinks) > 1)}
    counted = figures(graph, piece.nodes, counting)
    if not together:
        inside.keep(counting.materialised)
    last = graph.sink_inputs[sinks[0]] if one else None

    def is_named(table: str) -> bool:
        if inside.nested:
            return table in inside.kept
        if table in inside.sources:
            return table in counting.materialised or (counting.exact and one)
        # The rows that are written stand where they are written, unless something is to be counted in them.
        return table != last or len(users[table]) > 1 or table in counting.folded or counting.exact

    def picks(table: str) -> bool:
        # An order would be made again for everyone who looks.
        return is_named(table) and not (table in inside.ports and inside.ports[table].relation.select.args.get("order"))

    def rows(table: str, columns: Columns) -> str:
        if is_named(table):
            return inside.text(inside.rows(table, columns, counting))
        return inside.text(_only(inside.select(table, counting), columns))

    return Program(
        engine="database",
        schema=home.schema,
        statements=tuple(
            Statement(table, inside.text(inside.select(table, counting)), table in counting.materialised, inside.name(table))
            for table in inside.tables
            if is_named(table)
        ),
        rejects=tuple(_rejects(graph, inside, port, counting) for port in rejecting),
        sinks=tuple(
            replace(
                _sink(graph, sink, rows(graph.sink_inputs[sink], graph.sinks[sink].columns), facts, types),
                picks=picks(graph.sink_inputs[sink]),
            )
            for sink in sinks
        ),
        figures=counted,
    )


def _sink(graph: Graph, node: str, rows: str, facts: Facts, types: Mapping[str, str]) -> Sink:
    sink = graph.sinks[node]
    keys = keys_of(graph, graph.sink_inputs[node], facts, types) if sink.upsert_keys else set()
    return replace(sink, sql=rows, unique=any(key <= set(sink.upsert_keys) for key in keys))


def _rejects(graph: Graph, inside: Inside, port: Port, counting: Counting) -> Rejects:
    """Values that Python would spell in its own way leave as the database's texts."""
    columns = port.relation.columns
    tree = inside.rows(port.table, columns, counting)
    texts = [
        expression if column.type in _NUMBERS or column.type.startswith("NUMERIC") else exp.cast(expression, "TEXT")
        for expression, column in zip(tree.expressions, columns, strict=True)
    ]
    tree.set("expressions", texts)
    names = tuple(column.name for column in columns[:-1])
    return Rejects(port.node, inside.text(tree), names=names, columns=columns[:-1], rules=rules_of(graph, port))


def _only(select: exp.Select, columns: Columns) -> exp.Select:
    by_name = {e.alias_or_name: e for e in select.expressions}
    if [column.name for column in columns] != list(by_name):
        select.set("expressions", [by_name[column.name] for column in columns])
    return select


def _no_counter(counter: str) -> exp.Expr:
    raise AssertionError(f"a database draws no counters ({counter})")
