"""Whether a table's rows have an order of their own, for nodes that pair rows by position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.pipelines.nodes.pairing import Order

if TYPE_CHECKING:
    from shared.planning.graph import Port, Source

# What puts rows into an order of its own, or none.
_MIXES = (exp.Window, exp.Limit, exp.Join)


def order_of(table: str, sources: Mapping[str, Source], ports: Mapping[str, Port], connector_types: Mapping[str, str]) -> Order:
    """A sorter's keys; the lines of files, through nodes that look at one row at a time; else none."""
    if table in sources:
        # A connector that speaks no SQL holds files.
        return Order("given" if CONNECTORS[connector_types[sources[table].connector]].dialect is None else "none")
    port = ports[table]
    keys = port.relation.select.args.get("order")
    if keys is not None:
        return Order("keys", tuple(keys.expressions))
    if port.relation.rows == "own" or len(port.inputs) != 1 or port.relation.select.find(*_MIXES):
        return Order("none")
    before = order_of(port.inputs[0], sources, ports, connector_types)
    return before if before.how == "given" else Order("none")
