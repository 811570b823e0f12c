"""A pipeline as SQL statements in order: in its database's own dialect where it reads and writes one database alone, else for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.planning.exports import duckdb
from shared.planning.exports.database import SINCE, needs_newer, said
from shared.planning.exports.project import CannotExport, Project
from shared.sql.dialects import dialect as dialect_of
from shared.sql.errors import SqlProblem
from shared.sql.reads import named
from shared.sql.reads import select as reading
from shared.sql.writes import writes

# Databases whose temporary tables any statement may read, by how their client runs a file.
_WITHIN = {
    "postgres": 'psql "${variable}" -v ON_ERROR_STOP=1 --single-transaction -f pipeline.sql',
    "redshift": 'psql "${variable}" -v ON_ERROR_STOP=1 --single-transaction -f pipeline.sql',
    "snowflake": "snow sql -f pipeline.sql",
    "sqlite": 'sqlite3 -bail "${variable}" < pipeline.sql',
}


def sql(project: Project) -> Mapping[str, str]:
    kinds = {place.type for place in project.places.values()}
    if len(project.places) == 1 and (within := kinds & _WITHIN.keys()):
        return _within(project, within.pop())
    return _for_duckdb(project)


def _for_duckdb(project: Project) -> Mapping[str, str]:
    made = duckdb.steps(project)
    parts = [f"-- {project.title}, for DuckDB: duckdb < pipeline.sql"]
    for place in project.places.values():
        parts += [f"{statement};" for statement in duckdb.attach(place)]
    for step in made:
        parts.append(f"\n-- {step.node}\n" + "\n".join(f"{statement};" for statement in step.statements))
    # SQL has no variables that a path or ATTACH takes: what they hold is put in before.
    defaults = {place.variable: place.root or f"${{{place.variable}}}" for place in project.places.values()}
    text = duckdb.with_places("\n".join(parts) + "\n", project.places, {key: value.replace("'", "''") for key, value in defaults.items()})
    open_ = [place.variable for place in project.places.values() if place.root is None]
    steps = ["duckdb < pipeline.sql"] if not open_ else ["envsubst < pipeline.sql | duckdb     # puts in the variables"]
    notes = ["Folders and files stand in pipeline.sql as the connector had them; change them there."]
    notes += [f"Lines that could not be read are in the table {step.rejects} until the session ends." for step in made if step.rejects]
    return {"pipeline.sql": text, "README.md": project.readme("SQL for DuckDB", steps, notes)}


def _within(project: Project, kind: str) -> Mapping[str, str]:
    """The whole pipeline as statements of one database."""
    spoken = CONNECTORS[kind].dialect
    assert spoken is not None
    wrong = [
        f"node {port.node} is a function in Python, which no database calls; export as python"
        for port in project.ports()
        if port.relation.function is not None
    ]
    if wrong:
        raise CannotExport(wrong)
    title, newer = dialect_of(spoken).title, False
    parts = [f"-- {project.title}, for {title}"]
    for source in project.graph.sources.values():
        rows = reading(spoken, source.keep, source.options)
        parts.append(f"\n-- {source.node}\n{_temporary(project.names[source.table], rows, spoken)};")
    try:
        for port in project.ports():
            rows = said(port.node, select := project.typed(port), spoken)
            newer = newer or needs_newer(select, spoken)
            parts.append(f"\n-- {port.node}\n{_temporary(project.names[port.table], rows, spoken)};")
        for node, sink in project.graph.sinks.items():
            parts.append(f"\n-- {node}")
            names = [column.name for column in sink.columns]
            if sink.options.get("createTable"):
                listed = [f"{_quoted(column.name, spoken)} {_type(column.type, spoken)}" for column in sink.columns]
                keys = ", ".join(_quoted(key, spoken) for key in sink.upsert_keys)
                listed += [f"UNIQUE ({keys})"] if keys else []
                parts.append(f"CREATE TABLE IF NOT EXISTS {_table(sink.target, spoken)} ({', '.join(listed)});")
            rows_ = duckdb.rows_of(project, sink, node)
            statements = writes(spoken, sink.target, names, sink.write_mode, sink.upsert_keys, sink.order, rows=rows_)
            parts += [f"{statement.rstrip(';')};" for statement in statements]
    except SqlProblem as problem:
        raise CannotExport([problem.message]) from problem
    (place,) = project.places.values()
    notes = ["All statements are one transaction." if kind in ("postgres", "redshift") else "Run them in one session."]
    notes += ["UPSERT needs a unique index over its keys."] if any(s.write_mode == "UPSERT" for s in project.graph.sinks.values()) else []
    notes += [f"It is for {title} {SINCE[spoken]} or later."] if newer else []
    step = _WITHIN[kind].replace("{variable}", place.variable)
    return {"pipeline.sql": "\n".join(parts) + "\n", "README.md": project.readme(f"SQL for {title}", [step], notes)}


def _temporary(name: str, rows: str, spoken: str) -> str:
    return f"CREATE TEMPORARY TABLE {_quoted(name, spoken)} AS\n{rows}"


def _quoted(name: str, spoken: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect_of(spoken).writes)


def _type(kind: str, spoken: str) -> str:
    return exp.DataType.build(kind, dialect="postgres").sql(dialect_of(spoken).writes)


def _table(target: str, spoken: str) -> str:
    return named(target).sql(dialect_of(spoken).writes)
