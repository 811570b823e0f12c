"""The figures of a stage's nodes as expressions over what is counted (`shared.engines.program.Count`): rows in, rows out, rows rejected,
and for every row that came and did not go on the term of the ledger that names it. `shared.runs.ledger` says when they balance.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.engines.program import Count
from shared.planning.count import Counting
from shared.planning.graph import Graph

NONE: Count = {"sum": []}


def figures(graph: Graph, nodes: Iterable[str], counting: Counting) -> dict[str, dict[str, Count]]:
    """By node of a stage, given upstream first; decided upstream last: what is decided for a reader helps its inputs."""
    found: dict[str, dict[str, Count]] = {}
    order = list(nodes)
    for node in reversed(order):
        if graph.reads(node):
            found[node] = _source(graph, node, counting)
        elif node in graph.sinks:
            found[node] = _sink(graph, node)
        else:
            found[node] = _transform(graph, node, counting)
    return {node: found[node] for node in order}


def _sink(graph: Graph, node: str) -> dict[str, Count]:
    """Rows that the destination does not take are its session's to count."""
    handed: Count = {"sink": node}
    if not any(port.error for port in graph.node_ports(node)):
        return {"rowsIn": handed, "rowsOut": handed, "rowsRejected": None}
    aside: Count = {"rejects": node}
    return {"rowsIn": {"sum": [handed, aside]}, "rowsOut": handed, "rowsRejected": aside}


def _source(graph: Graph, node: str, counting: Counting) -> dict[str, Count]:
    (source,) = graph.reads(node)
    rejected: Count = {"rejectedLines": source.table}
    rows = counting.rows(source.table)
    terms: dict[str, Count] = {"rowsIn": _sum([rows, rejected]), "rowsOut": rows, "rowsRejected": rejected}
    for port in graph.node_ports(node):
        terms["rowsOut"] = counting.rows(port.table)
        terms[str(port.relation.rest)] = _minus(rows, [terms["rowsOut"]])
    return terms


def _transform(graph: Graph, node: str, counting: Counting) -> dict[str, Count]:
    ports = graph.node_ports(node)
    errors = [port for port in ports if port.error]
    aside = [port for port in ports if port.relation.aside is not None]
    ways = [port for port in ports if not port.error and port.relation.aside is None]
    taken = [port for port in ways if graph.is_read(port.table)] or ways
    rows_in = _sum([counting.rows(table) if table in counting.users else {"read": table} for table in graph.inputs_of(node)])
    failed = _sum([counting.rows(port.table) for port in errors])
    merged = next(
        (port for port in graph.ports.values() if port.node == node and not port.for_sink and port.internal and port.relation.rest), None
    )
    skips = errors and graph.skips(node) and not any(graph.is_read(port.table) for port in errors)
    terms: dict[str, Count] = {"skipped": failed} if skips else {}
    if merged is not None:
        terms[str(merged.relation.rest)] = _minus(rows_in, [counting.rows(merged.table)])
    beside = {port.table: counting.rows(port.table) for port in ways if port not in taken}
    if beside:
        terms["filtered"] = _sum(list(beside.values()))
    for port in aside:
        terms[str(port.relation.aside)] = _sum([terms.get(str(port.relation.aside), NONE), counting.rows(port.table)])
    gone = [failed, *(terms[term] for term in terms if term != "skipped")]
    rows_out = _sum([counting.rows(port.table) for port in taken]) if taken else _minus(rows_in, gone)
    rest = _rest(graph, node)
    if taken and rest is not None:
        # What nobody counts by itself: groups, a join's fan-out, rows of a way that nobody takes.
        terms[rest] = _minus(rows_in, [rows_out, *gone])
    elif taken and not terms and all(port.relation.rows == "fewer" for port in taken):
        terms["filtered"] = NONE
    return {"rowsIn": rows_in, "rowsOut": rows_out, "rowsRejected": NONE if skips else failed, **terms}


def _rest(graph: Graph, node: str) -> str | None:
    """The term for rows that no port holds; None where the ports share out all that comes in."""
    named = [port.relation.rest for port in graph.node_ports(node) if port.relation.rest is not None]
    dropped = [port for port in graph.dropped.values() if port.node == node]
    return named[0] if named else (dropped[0].relation.aside or "filtered") if dropped else None


def _sum(counts: list[Count]) -> Count:
    known = [count for count in counts if count != NONE]
    return known[0] if len(known) == 1 else {"sum": known}


def _minus(whole: Count, parts: list[Count]) -> Count:
    return {"minus": [whole, _sum(parts)]}
