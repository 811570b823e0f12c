"""Which engine computes what is not pushed down: `processingMode`, node by node, with the reason that `plan` shows.

A forced engine is forced: what it does not know is refused by name. A person's own query is DuckDB's in any mode, since there the
whole language of queries has one meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.engines.dataframe.known import unknown
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.policies import label_of

# `dataframe` takes pandas up to so many rows that come in, where the setting says nothing else.
PANDAS_ROWS = 1_000_000
PANDAS_ROWS_SETTING = "PENSTOCK_PANDAS_ROWS"
_DEFAULT = "duckdb: the default engine for what is not in one database"


@dataclass(frozen=True, slots=True)
class Choice:
    """`alone`: the node runs in a stage of its own, whoever is beside it. `label`: what a worker must carry to run it."""

    engine: str
    why: str
    alone: bool = False
    label: str | None = None

    def alike(self, node: str) -> tuple[str, str, str | None]:
        """The same for nodes that can be in one stage."""
        return self.engine, node if self.alone else "", self.label


def engines(graph: Graph, pandas_rows: int) -> dict[str, Choice]:
    """Raises PlanProblem, charged to the node that the engine cannot compute."""
    mode = str(graph.pipeline.settings.get("processingMode", "auto"))
    rows = _rows(graph)
    found = {node: replace(_choice(graph, node, mode, rows, pandas_rows), label=label_of(graph.pipeline, node)) for node in graph.order}
    for node, choice in found.items():
        if choice.engine in {"pandas", "dask"}:
            _refuse(graph, node, choice.engine)
    return found


def _choice(graph: Graph, node: str, mode: str, rows: Mapping[str, int | None], pandas_rows: int) -> Choice:
    if any(port.relation.function is not None for port in graph.node_ports(node)):
        return Choice("python", f"python: {node} is a function of its own, in a process of its own", alone=True)
    if mode in {"auto", "duckdb"}:
        return Choice("duckdb", _DEFAULT if mode == "auto" else "duckdb: processingMode says so")
    if NODE_TYPES[graph.pipeline.node(node).type].whole_query or graph.pipeline.node(node).config.get("postQuery"):
        return Choice("duckdb", f"duckdb: {node} is a query of its own, which means on DuckDB what it means everywhere")
    if mode != "dataframe":
        return Choice(mode, f"{mode}: processingMode says so")
    coming = rows[node]
    if coming is None:
        return Choice("dask", "dask: how many rows come in is not known")
    if coming > pandas_rows:
        return Choice("dask", f"dask: more than {pandas_rows} rows come in")
    return Choice("pandas", f"pandas: no more than {pandas_rows} rows come in")


def _rows(graph: Graph) -> dict[str, int | None]:
    """Rows that come into each node, at most as far as estimates tell; None where they do not."""
    found: dict[str, int | None] = {}
    for node in graph.order:
        if reads := graph.reads(node):
            found[node] = reads[0].rows
            continue
        above = [found[edge.source] for edge in graph.pipeline.incoming(node)]
        found[node] = None if None in above else sum(rows for rows in above if rows is not None)
    return found


def _refuse(graph: Graph, node: str, engine: str) -> None:
    for port in graph.ports.values():
        if port.node == node and (what := unknown(port.relation.select)) is not None:
            raise PlanProblem(f"node {node}: {what} is not there in processingMode {engine}; set processingMode: duckdb", node=node)
