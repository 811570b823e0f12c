"""A plan as people see it: what runs where and why, the SQL in the dialect it is sent in, and what it does to destinations.

Two plans of the same thing are equal but for what the facts' age says, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.connectors import CONNECTORS, computed, statements
from shared.connectors.protocols import Query, SinkWrite
from shared.engines.figures import carried
from shared.engines.program import CheckProgram, Program, Read, Sink, SurveyProgram
from shared.engines.stamp import stamped
from shared.pipelines.model import Node, Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.needs import full_reference, need_of
from shared.planning.stages import Plan, PlannedNode, Stage
from shared.sql.reads import select

# Unique indexes that a sink's target is known to have, by node.
Keys = Mapping[str, Sequence[Sequence[str]]]


def shown(
    pipeline: Pipeline,
    plan: Plan,
    facts: Mapping[str, Mapping[str, Any]],
    connector_types: Mapping[str, str],
    others: Iterable[Pipeline] = (),
) -> dict[str, Any]:
    """`facts`: those at hand, by key, as `Survey.to_json`. `others`: every pipeline that might read what this one writes."""
    relational = [node.id for node in pipeline.nodes if NODE_TYPES[node.type].role == "transform"]
    pushed = {node.id for node in plan.nodes if node.engine == "database"}
    by_generation: dict[int, list[str]] = {}
    for node in plan.nodes:
        by_generation.setdefault(node.generation, []).append(node.id)
    return {
        "format": plan.format,
        "graph": {
            "nodes": [{"id": node.id, "type": node.type, "label": node.label} for node in pipeline.nodes],
            "edges": [{"from": e.source, "to": e.target, "output": e.output} for e in pipeline.edges],
        },
        "generations": [by_generation[level] for level in sorted(by_generation)],
        "nodes": [_node(node) for node in plan.nodes],
        "stages": [_stage(stage, pipeline, facts, connector_types) for stage in plan.stages],
        "pushDownShare": round(len(pushed.intersection(relational)) / len(relational), 3) if relational else None,
        "sources": [
            _source(pipeline, node.id, facts, connector_types) for node in pipeline.nodes if NODE_TYPES[node.type].role == "source"
        ],
        "sinks": _sinks(pipeline, plan, facts, connector_types, list(others)),
        "warnings": list(plan.warnings),
    }


def _node(node: PlannedNode) -> dict[str, Any]:
    """`engine`: what computes it; `trust`: {level, why} of its expressions in the database it could run in; `local`: why it does not."""
    return {
        "id": node.id,
        "type": node.type,
        "generation": node.generation,
        "stage": node.stage or None,
        "engine": node.engine,
        "trust": {"level": node.trust, "why": node.trust_why} if node.trust is not None else None,
        "local": node.local,
    }


def _stage(stage: Stage, pipeline: Pipeline, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> dict[str, Any]:
    known = [_found(pipeline, node, facts, types) for node in stage.nodes if NODE_TYPES[pipeline.node(node).type].role == "source"]
    rows = [found.get("rows") if found else None for found in known]
    keys = {node: found["keys"] for node in stage.nodes if (found := _found(pipeline, node, facts, types))}
    return {
        "id": stage.id,
        "kind": stage.kind,
        "nodes": list(stage.nodes),
        "inputs": list(stage.inputs),
        "generation": stage.generation,
        "engine": stage.engine,
        "queue": stage.queue,
        "label": stage.label,
        "why": list(stage.why),
        "estimatedRows": sum(row for row in rows if row is not None) if rows and None not in rows else None,
        "statements": list(_STATEMENTS[stage.kind](stage, types, keys)),
    }


def _survey(stage: Stage, types: Mapping[str, str], keys: Keys) -> Iterable[dict[str, Any]]:
    program = SurveyProgram.from_json(stage.program)
    dialect = CONNECTORS[types[program.connector]].dialect
    yield _statement(stage.nodes[0], "look", program.connector, dialect, None)


def _work(stage: Stage, types: Mapping[str, str], keys: Keys) -> Iterable[dict[str, Any]]:
    program = Program.from_json(stage.program)
    if program.engine == "database":
        yield from _inside(program, types, keys)
        return
    for read in program.reads:
        if read.connector is not None:
            yield read_shown(read, types[read.connector])
    here = program.engine
    for made in program.statements:
        # What a node makes for itself is named after it, with a blank.
        node = made.table.partition(".")[0].partition(" ")[0]
        yield _statement(node, "table" if made.materialise else "relation", here, here, made.sql)
    for output in program.outputs:
        yield _statement(output.port.partition(".")[0], "stage", here, here, output.sql)
    for sink in program.sinks:
        yield _statement(sink.node, "rows", here, here, sink.sql)
        dialect = CONNECTORS[types[sink.connector]].dialect
        said: Sequence[str | None] = statements(types[sink.connector], _write(sink), keys.get(sink.node, ())) or [None]
        for sql in said:
            yield _statement(sink.node, "write", sink.connector, dialect, sql, of=sink.target)


def _inside(program: Program, types: Mapping[str, str], keys: Keys) -> Iterable[dict[str, Any]]:
    """What is kept first, then what each sink's session says: relations that are no tables stand in it."""
    on = program.sinks[0].connector
    dialect = CONNECTORS[types[on]].dialect
    relations: list[tuple[str, str]] = []
    names = {made.table: made.name for made in program.statements}
    for made in program.statements:
        if made.materialise:
            yield _statement(made.table.partition(".")[0], "table", on, dialect, made.sql, of=made.name)
        else:
            relations.append((made.name, made.sql))
    for reject in program.rejects:
        yield _statement(reject.node, "rejects", on, dialect, reject.sql)
    for at, sink in enumerate(program.sinks):
        tallies = tuple((names[table], column) for table, column in carried(program)) if at == 0 else ()
        query = Query(_stamped(sink, types[on]), tuple(relations), tallies, sink.unique, sink.picks)
        for sql in computed(types[on], _write(sink), query, keys.get(sink.node, ())) or [query.sql]:
            yield _statement(sink.node, "write", on, dialect, sql, of=sink.target)


def _check(stage: Stage, types: Mapping[str, str], keys: Keys) -> Iterable[dict[str, Any]]:
    program = CheckProgram.from_json(stage.program)
    on = program.this.connector
    dialect = stage.engine if on is None else CONNECTORS[types[on]].dialect if on in types else None
    yield _statement(next(iter(stage.nodes), None), "check", on or stage.engine, dialect, None, of=program.rule_set)


_STATEMENTS = {"survey": _survey, "work": _work, "check": _check}


def read_shown(read: Read, connector_type: str) -> dict[str, Any]:
    """What a source is asked, as a statement of a shown plan; without `sql` where it understands none."""
    dialect = CONNECTORS[connector_type].dialect
    kept = list(read.keep or (column.name for column in read.columns))
    # A query is sent as it is, whatever of it is used.
    query = str(read.options["query"]).strip() if read.options.get("query") else None
    sql = (query or select(dialect, kept, read.options)) if dialect else None
    return _statement(read.node, "read", read.connector, dialect, sql) | (
        {} if dialect else {"path": read.options.get("path", read.options.get("table")), "columns": kept}
    )


def _stamped(sink: Sink, connector_type: str) -> str:
    dialect = CONNECTORS[connector_type].dialect
    return stamped(sink, sink.sql, dialect, None) if dialect else sink.sql


def _write(sink: Sink) -> SinkWrite:
    return SinkWrite(sink.node, sink.target, sink.written, sink.write_mode, sink.upsert_keys, sink.order, sink.options)


def _statement(
    node: str | None,
    does: str,
    on: str | None,
    dialect: str | None,
    sql: str | None,
    *,
    of: str | None = None,
    columns: list[str] | None = None,
) -> dict[str, Any]:
    """`does`: look, read, relation (a named part of the next statement), table, stage, rows (what is handed to a sink), rejects, write,
    check.

    `of`: the table, path or rule set. `node`: None for a rule set that looks at a table where it is.
    """
    return {"node": node, "does": does, "on": on, "dialect": dialect, "object": of, "columns": columns, "sql": sql}


def _found(pipeline: Pipeline, node: str, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> Mapping[str, Any] | None:
    need = need_of(pipeline, pipeline.node(node), types)
    return facts.get(need.key) if need is not None else None


def _source(pipeline: Pipeline, node: str, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> dict[str, Any]:
    config = pipeline.node(node).config
    found = _found(pipeline, node, facts, types)
    return {
        "node": node,
        "connector": full_reference(pipeline, config["connector"]),
        "object": next((config[key] for key in ("table", "path", "query") if config.get(key)), None),
        "columns": found["columns"] if found else None,
        "estimatedRows": found.get("rows") if found else None,
        "inferredFrom": found.get("inferredFrom") if found else None,
        "version": found.get("version") if found else None,
    }


def _sinks(
    pipeline: Pipeline, plan: Plan, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str], others: list[Pipeline]
) -> list[dict[str, Any]]:
    sinks = []
    for node in pipeline.nodes:
        if NODE_TYPES[node.type].role != "sink":
            continue
        connector, target = _object(pipeline, node.id)
        found = _found(pipeline, node.id, facts, types)
        creates = found is not None and not found["exists"]
        comes = [
            column
            for stage in plan.stages
            for sink in stage.program.get("sinks", ())
            if sink["node"] == node.id
            for column in _written(sink)
        ]
        sinks.append(
            {
                "node": node.id,
                "connector": connector,
                "target": target,
                "writeMode": node.config["writeMode"],
                "destructive": node.config["writeMode"] == "OVERWRITE",
                "schemaChanges": [f"table {target} is made"] if creates and node.config.get("createTable") else _added(node, comes, found),
                "readBy": sorted(f"{o.namespace}/{o.name}" for o in others if _uses(o, connector, target, "source")),
                "alsoWrittenBy": sorted(
                    f"{o.namespace}/{o.name}"
                    for o in others
                    if (o.namespace, o.name) != (pipeline.namespace, pipeline.name) and _uses(o, connector, target, "sink")
                ),
            }
        )
    return sinks


def _written(sink: Mapping[str, Any]) -> list[list[Any]]:
    stamp = sink["options"].get("updatedAtColumn")
    return [*sink["columns"], *([[stamp, "TIMESTAMPTZ"]] if stamp else [])]


def _added(node: Node, comes: Sequence[Sequence[Any]], found: Mapping[str, Any] | None) -> list[str]:
    """Columns that the target gets. `comes`: of the rows, as `Column.to_json`."""
    if node.config["schemaEvolution"] != "addColumns" or not found or found["columns"] is None:
        return []
    there = {column[0] for column in found["columns"]}
    defaults = node.config["columnDefaults"]
    told = []
    for name, kind, *_ in comes:
        if name not in there:
            default = f", {defaults[name]!r} in rows that are there" if name in defaults else ""
            told.append(f"column {name} {kind} is added to table {node.config.get('table')}{default}")
    return told


def _object(pipeline: Pipeline, node: str) -> tuple[str, str | None]:
    config = pipeline.node(node).config
    return full_reference(pipeline, config["connector"]), config.get("table") or config.get("path")


def _uses(pipeline: Pipeline, connector: str, target: str | None, role: str) -> bool:
    nodes = (node for node in pipeline.nodes if NODE_TYPES[node.type].role == role)
    return any(_object(pipeline, node.id) == (connector, target) for node in nodes)
