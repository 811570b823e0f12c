"""What nobody needs is left out: ports that nobody reads, then columns that nobody refers to."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from shared.pipelines.model import port_table
from shared.planning.graph import Graph, Port, Source


def pruned(graph: Graph) -> Graph:
    """Without ports that nobody reads (but for error ports, whose rows are rejects then, and with `ledger: exact` for all whose rows are
    counted), and with sources that deliver only the columns that are used."""
    used = {port_table(edge.source, edge.output) for edge in graph.pipeline.edges}
    exact = graph.pipeline.settings.get("ledger") == "exact"

    def stays(port: Port) -> bool:
        return port.table in used or port.error or port.internal or (exact and _is_counted(port))

    kept = {table: port for table, port in graph.ports.items() if stays(port)}
    dropped = {table: port for table, port in graph.ports.items() if table not in kept}
    less = replace(graph, ports=kept, dropped=dropped)
    # Who keeps every node's output wants to look at it: whole.
    return less if graph.pipeline.settings.get("staging") == "all" else replace(less, sources=_narrowed(less))


def _is_counted(port: Port) -> bool:
    """Rows of this port, where nobody reads them, are a term of its node's ledger."""
    return port.relation.aside is not None or port.relation.rows == "fewer"


def _narrowed(graph: Graph) -> dict[str, Source]:
    """Sources that deliver only the columns somebody refers to; at least one, so that there are rows to count."""
    used: dict[str, set[str]] = {table: set() for table in graph.sources}
    for port in graph.ports.values():
        for column in port.relation.select.find_all(exp.Column):
            if column.table in used:
                used[column.table].add(column.name)
    for sink, table in graph.sink_inputs.items():
        if table in used:
            used[table].update(c.name for c in graph.sinks[sink].columns)
    return {
        table: replace(source, keep=tuple(name for name in source.keep if name in used[table]) or source.keep[:1])
        for table, source in graph.sources.items()
    }
