"""Nodes whose output is kept for later runs (`cache: true`), with all that they need; and why the output of some is not; pure.

What is reused must be what running would give. So each row of it hangs on nothing but the recipe and files of which it can be told whether
they changed; wherever that is in doubt the node runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp, parse_one

from shared.pipelines.graph import ancestors
from shared.pipelines.model import Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.graph import Graph
from shared.planning.needs import need_of
from shared.planning.sequences import starts
from shared.planning.stages import Stage

# Functions that DuckDB counts as giving another answer each time, or in each query; those that sqlglot has its own names for too.
UNSTEADY = frozenset(
    (
        "now",
        "today",
        "uuid",
        "uuidv4",
        "uuidv7",
        "gen_random_uuid",
        "random",
        "rand",
        "setseed",
        "nextval",
        "currval",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_datetime",
        "get_current_time",
        "get_current_timestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "timeofday",
        "localtime",
        "localtimestamp",
        "utc_date",
        "utc_time",
        "utc_timestamp",
        "current_user",
        "session_user",
        "current_catalog",
        "current_schema",
        "current_schemas",
        "current_database",
        "current_query",
        "current_query_id",
        "current_connection_id",
        "current_transaction_id",
        "txid_current",
        "in_search_path",
        "error",
        "sleep_ms",
        "stats",
        "write_log",
        "getenv",
        "current_setting",
        "getvariable",
    )
)
# The type of connectors that tell by a marker whether what they hold has changed.
MARKED = "files"
# Words that are the time of the query where a text becomes one.
_MOMENTS = frozenset({"now", "today", "tomorrow", "yesterday"})


def kept_nodes(graph: Graph, types: Mapping[str, str]) -> frozenset[str]:
    """Those with `cache: true` that can be reused, and all that they need. `types`: of connectors."""
    found: set[str] = set()
    for node in _asked(graph):
        if refusal(graph, node, types) is None:
            found |= _with_needs(graph, node)
    return frozenset(found)


def made_of_for_kept(pipeline: Pipeline) -> frozenset[str]:
    """Nodes with `cache: true` and all that they need, whether they can be reused or not."""
    order = [node.id for node in pipeline.nodes]
    edges = [(edge.source, edge.target) for edge in pipeline.edges]
    asked = [node.id for node in pipeline.nodes if node.cache]
    return frozenset(asked).union(*(ancestors(order, edges, node) for node in asked))


def told(graph: Graph, types: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each node with `cache: true` that runs all the same."""
    whys = ((node, refusal(graph, node, types)) for node in _asked(graph))
    return tuple(f"{node}: runs each time, although it says cache: true, since {why}" for node, why in whys if why is not None)


def refusal(graph: Graph, node: str, types: Mapping[str, str]) -> str | None:
    """Why what the node gives is never reused."""
    persistent = starts(graph.pipeline)
    for needed in graph.order:
        if needed in _with_needs(graph, node):
            if needed in persistent:
                return f"{needed} numbers rows on from run to run"
            why = _of_node(graph, needed, types)
            if why is not None:
                return why
    return None


def annotated(graph: Graph, types: Mapping[str, str], stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages, with `cache` in the programs of those whose outputs may be reused: {sources}, the key of each source's facts by node."""
    kept = kept_nodes(graph, types)
    return tuple(_annotated(graph, types, stage) if kept.issuperset(stage.nodes) else _reasoned(graph, types, stage) for stage in stages)


def _annotated(graph: Graph, types: Mapping[str, str], stage: Stage) -> Stage:
    if stage.kind != "work" or not stage.program["outputs"] or stage.program["sinks"]:
        return stage
    asked = ", ".join(node for node in _asked(graph) if node in stage.nodes) or "a node that needs it"
    if "secrets" in stage.program:
        return replace(stage, why=(*stage.why, "its output is not reused, since a secret is in what it does, which may change"))
    sources = {read["node"]: _facts_key(graph, read["node"], types) for read in stage.program["reads"] if read["connector"] is not None}
    why = "its output is kept, and later runs reuse it while version, parameters and files are the same"
    return replace(stage, program={**stage.program, "cache": {"sources": sources}}, why=(*stage.why, f"cache: true of {asked}: {why}"))


def _reasoned(graph: Graph, types: Mapping[str, str], stage: Stage) -> Stage:
    why = tuple(sentence for sentence in told(graph, types) if sentence.partition(": ")[0] in stage.nodes)
    return replace(stage, why=(*stage.why, *why)) if why else stage


def _facts_key(graph: Graph, node: str, types: Mapping[str, str]) -> str:
    need = need_of(graph.pipeline, graph.pipeline.node(node), types)
    assert need is not None
    return need.key


def _asked(graph: Graph) -> list[str]:
    return [node for node in graph.order if graph.pipeline.node(node).cache]


def _with_needs(graph: Graph, node: str) -> set[str]:
    return {node, *ancestors(graph.order, [(edge.source, edge.target) for edge in graph.pipeline.edges], node)}


def _of_node(graph: Graph, needed: str, types: Mapping[str, str]) -> str | None:
    node = graph.pipeline.node(needed)
    if NODE_TYPES[node.type].role == "sink":
        return f"{needed} writes"
    for source in graph.reads(needed):
        if types[source.connector] != MARKED:
            return f"{source.connector} ({types[source.connector]}), which {needed} reads, does not say whether its rows have changed"
        if source.window is not None or node.config.get("incremental"):
            return f"{needed} reads what is new since the last run"
        where = source.options.get("where")
        if where and (said := next(_unsteady(parse_one(where, dialect="duckdb")), None)) is not None:
            return f"{said} in {needed} may give something else each time"
    for port in (*graph.node_ports(needed), *(port for port in graph.ports.values() if port.node == needed and port.internal)):
        function = port.relation.function
        if function is not None and "def " not in function.source:
            return f"the function of {needed} is in a package, which may change"
        if (said := next(_unsteady(port.relation.select), None)) is not None:
            return f"{said} in {needed} may give something else each time"
    return None


def _unsteady(select: exp.Expr) -> Iterator[str]:
    for part in select.walk():
        if isinstance(part, exp.TableSample):
            yield "a sample"
        elif isinstance(part, exp.Table) and isinstance(part.this, exp.Func):
            # Whatever it reads, no marker tells of it.
            yield part.this.sql_name().lower() if not isinstance(part.this, exp.Anonymous) else part.this.name
        elif isinstance(part, exp.Func):
            names = [part.name] if isinstance(part, exp.Anonymous) else [part.key, *part.sql_names()]
            yield from (name.lower() for name in names if name.lower() in UNSTEADY)
        elif isinstance(part, exp.Literal) and part.is_string and str(part.this).strip().lower() in _MOMENTS:
            yield f"'{part.this}'"
        elif isinstance(part, exp.Column) and part.name.lower() in UNSTEADY and not part.args["this"].args.get("quoted"):
            yield part.name.lower()


def facts_of(program: Mapping[str, Any]) -> Mapping[str, str]:
    """Of a stage whose outputs may be reused: the key of each source's facts, by node."""
    return dict((program.get("cache") or {}).get("sources", {}))
