"""Which columns of which sources each column of a sink is made of, and which pipelines share tables and files; pure.

Of a column, what its value is computed from: not what decides whether its row is there (filters, keys of joins, groupings). Where a part of
that cannot be followed (a function of Python, a table that SQL unfolds), the answer says that it is not whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sqlglot import exp

from shared.pipelines.model import Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.graph import Graph
from shared.planning.needs import full_reference


@dataclass(frozen=True, slots=True)
class Made:
    """What a column is made of: (source node, column) each. `whole`: all of it is known. `copied`: it is one of them, as it was."""

    of: frozenset[tuple[str, str]] = frozenset()
    whole: bool = True
    copied: bool = False


Columns = Mapping[str, Made]
_NOTHING = Made(whole=False)


def column_lineage(graph: Graph) -> dict[str, dict[str, Made]]:
    """Sink -> its columns, in their order -> what each is made of."""
    known: dict[str, Columns] = {
        table: {column.name: Made(frozenset({(source.node, column.name)}), copied=True) for column in source.columns}
        for table, source in graph.sources.items()
    }

    def of(table: str) -> Columns:
        if table not in known and table in graph.ports:
            port = graph.ports[table]
            names = [column.name for column in port.relation.columns]
            for needed in port.inputs:
                of(needed)
            if port.written:
                came = of(graph.sink_inputs[port.node])
                known[table] = {name: came.get(name, _NOTHING) for name in names}
            elif port.relation.function is not None:
                read = frozenset(one for needed in port.inputs for made in of(needed).values() for one in made.of)
                known[table] = dict.fromkeys(names, Made(read, whole=False))
            else:
                found = _query(port.relation.select, known)
                known[table] = {name: found.get(name, _NOTHING) for name in names}
        return known.get(table, {})

    # Upstream first, so that no chain of nodes is deeper than a call.
    for node in graph.order:
        for table, port in graph.ports.items():
            if port.node == node:
                of(table)
    return {
        node: {column.name: of(table).get(column.name, _NOTHING) for column in graph.sinks[node].written}
        for node, table in graph.sink_inputs.items()
        if node in graph.sinks
    }


def _query(tree: exp.Expression | exp.Query, known: Mapping[str, Columns]) -> Columns:
    """Of a SELECT, or of several that are put together."""
    there = dict(known)
    found_with = tree.args.get("with_") or tree.args.get("with")
    for common in found_with.expressions if found_with is not None else ():
        there[common.alias] = _renamed(common, _query(common.this, there))
    if isinstance(tree, exp.Subquery):
        return _query(tree.this, there)
    if isinstance(tree, exp.SetOperation):
        left, right = _query(tree.left, there), _query(tree.right, there)
        others = [*right.values(), *[_NOTHING] * len(left)]
        return {
            name: _together((made, other), copied=made.copied and other.copied)
            for (name, made), other in zip(left.items(), others, strict=False)
        }
    if not isinstance(tree, exp.Select):
        return {}
    sources = dict(_sources(tree, there))
    found: dict[str, Made] = {}
    for projection in tree.expressions:
        if isinstance(projection, exp.Star) or (isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star)):
            table = projection.table if isinstance(projection, exp.Column) else None
            for name, columns in sources.items():
                if table in (None, "", name):
                    found |= {column: made for column, made in columns.items() if column not in found}
            continue
        found[projection.alias_or_name] = _expression(projection, sources, there)
    return found


def _sources(select: exp.Select, known: Mapping[str, Columns]) -> Iterator[tuple[str, Columns]]:
    """By the names that the SELECT has for them; what cannot be followed has no columns."""
    begin = select.args.get("from_") or select.args.get("from")
    for entry in [*([begin.this] if begin is not None else []), *(join.this for join in select.args.get("joins") or ())]:
        if isinstance(entry, exp.Table):
            yield entry.alias_or_name, known.get(entry.name, {})
        elif isinstance(entry, exp.Subquery):
            yield entry.alias_or_name, _renamed(entry, _query(entry.this, known))
        else:
            yield entry.alias_or_name, {}
    for lateral in select.args.get("laterals") or ():
        yield lateral.alias_or_name, {}


def _renamed(aliased: exp.Expression, columns: Columns) -> Columns:
    """Under the names that an alias gives them, t(a, b), where it does."""
    names = [name.name for name in alias.columns] if isinstance(alias := aliased.args.get("alias"), exp.TableAlias) else []
    return dict(zip(names, columns.values(), strict=False)) if names else columns


def _expression(tree: exp.Expression, sources: Mapping[str, Columns], known: Mapping[str, Columns]) -> Made:
    value, around = tree.unalias(), (tree.find_ancestor(exp.Select), None)
    if isinstance(value, exp.Column):
        return _column(value, sources)
    # A SELECT inside an expression has columns of its own, and may name those outside.
    nested = [
        inner for inner in value.find_all(exp.Select, exp.SetOperation) if inner.find_ancestor(exp.Select, exp.SetOperation) in around
    ]
    inside = {id(column) for inner in nested for column in inner.find_all(exp.Column)}
    parts = [made for inner in nested for made in _query(inner, known).values()]
    parts += [_column(column, sources) for column in value.find_all(exp.Column) if id(column) not in inside]
    return _together(parts)


def _column(column: exp.Column, sources: Mapping[str, Columns]) -> Made:
    if column.table:
        return sources.get(column.table, {}).get(column.name, _NOTHING)
    found = [columns[column.name] for columns in sources.values() if column.name in columns]
    return found[0] if len(found) == 1 else _together(found) if found else _NOTHING


def _together(parts: Iterable[Made], *, copied: bool = False) -> Made:
    parts = list(parts)
    return Made(frozenset().union(*(made.of for made in parts)), all(made.whole for made in parts), copied)


@dataclass(frozen=True, slots=True)
class Touched:
    """A table, file or query that a node reads or writes. `object`: None where the recipe names none."""

    node: str
    connector: str
    object: str | None

    @property
    def dataset(self) -> str:
        return f"{self.connector}:{self.object}" if self.object is not None else self.connector


def touched(pipeline: Pipeline, role: str) -> tuple[Touched, ...]:
    """What nodes of that role, source or sink, read or write, in the order of the recipe."""
    return tuple(
        Touched(
            node.id,
            full_reference(pipeline, str(node.config["connector"])),
            next((str(node.config[key]) for key in ("table", "path", "query", "topic") if node.config.get(key)), None),
        )
        for node in pipeline.nodes
        if NODE_TYPES[node.type].role == role and node.config.get("connector")
    )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A pipeline before or after another; `distance`: over so many hand-overs; `datasets`: the last of them, sorted."""

    pipeline: str
    distance: int
    datasets: tuple[str, ...]


def upstream(pipeline: Pipeline, others: Iterable[Pipeline]) -> tuple[Neighbour, ...]:
    """Pipelines that write what it reads, and those before them; the nearest first."""
    return _walk(pipeline, list(others), "source", "sink")


def downstream(pipeline: Pipeline, others: Iterable[Pipeline]) -> tuple[Neighbour, ...]:
    """Pipelines that read what it writes, and those behind them; the nearest first."""
    return _walk(pipeline, list(others), "sink", "source")


def _walk(pipeline: Pipeline, others: list[Pipeline], mine: str, theirs: str) -> tuple[Neighbour, ...]:
    by_connector: dict[str, list[tuple[str, Touched]]] = {}
    all_of = {_name(other): other for other in others} | {_name(pipeline): pipeline}
    for name, other in all_of.items():
        for one in touched(other, theirs):
            by_connector.setdefault(one.connector, []).append((name, one))
    found: dict[str, Neighbour] = {}
    to_see, seen = deque([(_name(pipeline), 0)]), {_name(pipeline)}
    while to_see:
        at, distance = to_see.popleft()
        shared: dict[str, set[str]] = {}
        for one in touched(all_of[at], mine):
            for name, met in by_connector.get(one.connector, ()):
                written, read = (one, met) if mine == "sink" else (met, one)
                if _meets(written.object, read.object):
                    shared.setdefault(name, set()).add(written.dataset)
        for name in sorted(shared):
            if name not in seen:
                seen.add(name)
                found[name] = Neighbour(name, distance + 1, tuple(sorted(shared[name])))
                to_see.append((name, distance + 1))
    return tuple(found.values())


def _meets(written: str | None, read: str | None) -> bool:
    """What is read may be a glob over what is written."""
    return written is not None and read is not None and (written == read or fnmatchcase(written, read))


def _name(pipeline: Pipeline) -> str:
    return f"{pipeline.namespace}/{pipeline.name}"
