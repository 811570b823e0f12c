"""What nobody needs is left out: ports that nobody reads, then columns that nobody refers to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlglot import exp

from shared.pipelines.model import port_table
from shared.planning.graph import Graph, Port


def pruned(graph: Graph) -> Graph:
    """Without ports that nobody reads (but for error ports, whose rows are rejects then, and with `ledger: exact` for all whose rows are
    counted), and with tables that hold only the columns that are used."""
    used = {port_table(edge.source, edge.output) for edge in graph.pipeline.edges}
    exact = graph.pipeline.settings.get("ledger") == "exact"

    def stays(port: Port) -> bool:
        return port.table in used or port.table in graph.watched or port.error or port.internal or (exact and _is_counted(port))

    kept = {table: port for table, port in graph.ports.items() if stays(port)}
    dropped = {table: port for table, port in graph.ports.items() if table not in kept}
    less = replace(graph, ports=kept, dropped=dropped)
    # Who keeps every node's output wants to look at it: whole.
    return less if graph.pipeline.settings.get("staging") == "all" else _narrowed(less)


def _is_counted(port: Port) -> bool:
    """Rows of this port, where nobody reads them, are a term of its node's ledger."""
    return port.relation.aside is not None or port.relation.rows == "fewer"


def _narrowed(graph: Graph) -> Graph:
    """Each table with the columns that somebody refers to; at least one, so that there are rows to count.

    Only columns that are handed on as they are go: what is computed may fail, and is to fail whoever reads it. Error ports hold rows as
    they came, functions take their table as it is, and what nobody reads is kept for its figures: they are left whole.
    """
    used: dict[str, set[str]] = {table: set() for table in (*graph.sources, *graph.ports)}
    read = {*graph.sink_inputs.values(), *graph.watched} | {table for port in graph.ports.values() for table in port.inputs}
    for sink, table in graph.sink_inputs.items():
        used[table].update(c.name for c in graph.sinks[sink].columns)
    for table, asked in graph.watched.items():
        used[table].update(asked if asked is not None else (column.name for column in graph.columns(table)))
    ports = dict(graph.ports)
    # Who reads a table comes after it.
    for table, port in reversed(list(graph.ports.items())):
        relation = port.relation
        if table in read and not port.error and relation.function is None:
            select = _with_less(relation.select, used[table])
            names = {e.alias_or_name for e in select.expressions}
            relation = replace(relation, select=select, columns=tuple(c for c in relation.columns if c.name in names))
            ports[table] = replace(port, relation=relation)
        for of, names in _referred(relation.select, port.inputs).items():
            used[of] |= names
    sources = {
        table: replace(source, keep=tuple(name for name in source.keep if name in used[table]) or source.keep[:1])
        for table, source in graph.sources.items()
    }
    return replace(graph, ports=ports, sources=sources)


def _referred(select: exp.Select, inputs: Sequence[str]) -> dict[str, set[str]]:
    """The columns of each input that a relation refers to."""
    tables = {found.alias_or_name: found.name for found in select.find_all(exp.Table)}
    names: dict[str, set[str]] = {table: set() for table in inputs}
    for column in select.find_all(exp.Column):
        of = tables.get(column.table, column.table)
        for table in [of] if of in names else names if not column.table else []:
            names[table].add(column.name)
    return names


def _with_less(whole: exp.Select, used: Collection[str]) -> exp.Select:
    """A SELECT that hands on those columns only, and so does what stands in its FROM."""
    if whole.args.get("distinct") or any(e.is_star for e in whole.expressions):
        return whole
    ordered = {key.this.name for key in whole.args["order"].expressions} if whole.args.get("order") else set()
    select = whole.copy()
    _hand_on([select], {*used, *ordered})
    source = select.args["from_"].this if select.args.get("from_") else None
    if isinstance(source, exp.Subquery) and (parts := _parts(source.this)):
        inside = {id(column) for column in source.find_all(exp.Column)}
        _hand_on(parts, {c.name for c in select.find_all(exp.Column) if id(c) not in inside and c.table in ("", source.alias)})
    return select


def _parts(query: exp.Expr) -> list[exp.Select]:
    """The SELECTs that a derived table stacks, or the one that it is; none where any of it does more than pick columns of a table."""
    said = {key for key, value in query.args.items() if value}
    if isinstance(query, exp.Union) and said == {"this", "expression"}:
        parts = [*(left := _parts(query.this)), *(right := _parts(query.expression))]
        # Of different widths they are no query; the engine says so.
        return parts if left and right and len({len(part.expressions) for part in parts}) == 1 else []
    return [query] if isinstance(query, exp.Select) and said == {"expressions", "from_"} else []


def _hand_on(parts: Sequence[exp.Select], used: Collection[str]) -> None:
    """Takes columns out of SELECTs that are stacked, by their place: those that have another name, and that each hands on as they are."""
    places = [
        place
        for place, same in enumerate(zip(*(part.expressions for part in parts), strict=True))
        if same[0].alias_or_name in used or not all(isinstance(one.unalias(), exp.Column) for one in same)
    ]
    for part in parts:
        part.set("expressions", [part.expressions[place] for place in places or [0]])
