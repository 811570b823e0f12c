"""What a plan takes for granted where nothing is known of a source: that it has the columns that the recipe names, of the types of what the
recipe compares them with, else of unknown type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import Dialect, exp

from shared.connectors import CONNECTORS
from shared.pipelines.model import Pipeline, RuleSet
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.make import logical_plan
from shared.planning.needs import full_reference, needs
from shared.sql.dialects import dialect as dialect_of
from shared.sql.errors import SqlProblem
from shared.sql.typing import UNKNOWN

MOST_COLUMNS = 1000
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def assumed(
    pipeline: Pipeline,
    facts: Mapping[str, Mapping[str, Any]],
    connector_types: Mapping[str, str],
    rule_sets: Sequence[RuleSet] = (),
) -> dict[str, Mapping[str, Any]]:
    """The facts, with what is missing made up from the recipe. Raises PlanProblem for what cannot be with any columns at all."""
    known = dict(facts)
    missing = [need for need in needs(pipeline, connector_types) if need.key not in facts]
    source_of: dict[str, str] = {}
    for need in missing:
        nodes = [pipeline.node(node) for node in need.nodes]
        named = [name for node in nodes for name in (*node.config.get("columns", ()), *node.config.get("schema", ()))]
        known[need.key] = _unknown(list(dict.fromkeys(named)) if need.role == "source" else None)
        if need.role == "source":
            source_of |= dict.fromkeys(need.nodes, need.key)
    for _ in range(MOST_COLUMNS):
        try:
            graph = logical_plan(pipeline, known, connector_types, rule_sets)
        except PlanProblem as problem:
            cause = problem.__cause__
            if not isinstance(cause, SqlProblem) or cause.missing is None or problem.node is None:
                raise
            name, among = cause.missing
            source = _upstream(pipeline, problem.node, among, source_of)
            if source is None:
                raise
            found = known[source_of[source]]
            connector = full_reference(pipeline, pipeline.node(source).config["connector"])
            spelled = _spelled(name, CONNECTORS[connector_types[connector]].dialect)
            if any(column[0] == spelled for column in found["columns"]):
                raise
            known[source_of[source]] = {**found, "columns": [*found["columns"], [spelled, UNKNOWN, True]]}
        else:
            for source, key in source_of.items():
                known[key] = {**known[key], "columns": _compared(known[key]["columns"], source, graph)}
            return known
    return known


def _compared(columns: list[list[Any]], source: str, graph: Graph) -> list[list[Any]]:
    """With the types of the literals that they are compared with, where those are of one type."""
    found: dict[str, set[str]] = {}
    for port in graph.ports.values():
        for comparison in port.relation.select.find_all(*_COMPARISONS) if source in port.inputs else ():
            sides = [comparison.this, comparison.expression]
            literals = [side for side in sides if isinstance(side, exp.Literal)]
            for column in (side for side in sides if isinstance(side, exp.Column) and side.table == source):
                found.setdefault(column.name, set()).update(
                    "TEXT" if literal.is_string else "BIGINT" if literal.is_int else "NUMERIC" for literal in literals
                )
    return [[name, *found[name], nullable] if len(found.get(name, ())) == 1 else [name, kind, nullable] for name, kind, nullable in columns]


def _unknown(names: list[str] | None) -> dict[str, Any]:
    """As `Survey.to_json`; columns are null where none can be taken for granted: of a destination."""
    columns = [[name, UNKNOWN, True] for name in names] if names is not None else None
    return {"exists": True, "columns": columns, "rows": None, "sizeBytes": None, "keys": [], "marker": None, "version": None}


def _spelled(name: str, dialect: str | None) -> str:
    """As the database would spell a name that nobody quoted."""
    if dialect is None:
        return name
    return Dialect.get_or_raise(dialect_of(dialect).writes).normalize_identifier(exp.to_identifier(name)).name


def _upstream(pipeline: Pipeline, node: str, among: tuple[str, ...], sources: Mapping[str, str]) -> str | None:
    """The nearest source of which nothing is known, above those of the node's inputs in which the column was looked for."""
    if node in sources:
        return node
    waiting = [edge.source for edge in pipeline.incoming(node)]
    waiting = [source for source in waiting if source in {table.partition(".")[0] for table in among}] or waiting
    seen: set[str] = set()
    while waiting:
        current = waiting.pop(0)
        if current in sources:
            return current
        if current not in seen:
            seen.add(current)
            waiting += [edge.source for edge in pipeline.incoming(current)]
    return None
