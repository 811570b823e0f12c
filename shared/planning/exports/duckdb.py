"""A project's steps in DuckDB's words: what is read, computed and written, in order. For targets that carry DuckDB along.

Where a path or a connection stands, `${VARIABLE}` does; whoever writes the project puts in what its target has for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one

from shared.datasets import Columns
from shared.datasets.columns import columns_from_json
from shared.engines.program import Sink
from shared.formats import calls, csv_dialect, file_format
from shared.formats.options import NATIVE_ENCODINGS
from shared.formats.types import duckdb as in_duckdb
from shared.pipelines.nodes.types import Function
from shared.planning.exports.project import CannotExport, Place, Project
from shared.planning.graph import Source
from shared.sql import render
from shared.sql.errors import SqlProblem
from shared.sql.reads import inner, named

# What DuckDB's extensions attach, as its ATTACH calls them.
ATTACHED = {"postgres": "postgres", "mysql": "mysql", "sqlite": "sqlite", "duckdb": "duckdb"}
_QUERIES = {"postgres": "postgres_query", "mysql": "mysql_query"}
_REMOTE = ("gs://", "az://", "sftp://")


@dataclass(frozen=True, slots=True)
class Step:
    """One relation, or one destination. `after`: steps by name. `function`: a person's own, over what `statements` select; `columns` are
    those it gives. `rejects`: the table that holds the lines that could not be read.
    """

    name: str
    node: str
    after: tuple[str, ...]
    statements: tuple[str, ...]
    function: Function | None = None
    columns: Columns = ()
    rejects: str | None = None


def attach(place: Place) -> list[str]:
    """What makes a connector's tables known; none for files in a folder."""
    if place.type == "files":
        return (
            ["INSTALL httpfs", "LOAD httpfs", "CREATE OR REPLACE SECRET bucket (TYPE s3, PROVIDER credential_chain)"]
            if _in_s3(place)
            else []
        )
    kind = ATTACHED[place.type]
    load = [] if kind == "duckdb" else [f"INSTALL {kind}", f"LOAD {kind}"]
    return [*load, f"ATTACH '${{{place.variable}}}' AS {_quoted(place.alias)} (TYPE {kind})"]


def steps(project: Project, *, functions: bool = False, temporary: bool = True) -> list[Step]:
    """Raises CannotExport with all that DuckDB, or a target without `functions` of Python, cannot do. `temporary`: relations go with the
    connection.
    """
    wrong: list[str] = []
    made: list[Step] = []
    create = f"CREATE OR REPLACE {'TEMP ' if temporary else ''}TABLE"
    for source in project.graph.sources.values():
        made += _tried(wrong, lambda source=source: _source(project, source, create))
    for port in project.ports():
        relation = port.relation
        name = project.names[port.table]
        after = tuple(dict.fromkeys(project.names[table] for table in port.inputs))
        if relation.function is not None:
            if not functions:
                wrong.append(f"node {port.node} is a function in Python, which this target cannot call; export as python")
                continue
            rows = _sql(project, relation.select)
            made.append(Step(name, port.node, after, (rows,), relation.function, relation.columns))
        else:
            made.append(Step(name, port.node, after, (f"{create} {_quoted(name)} AS\n{_sql(project, relation.select)}",)))
    for node, sink in project.graph.sinks.items():
        made += _tried(wrong, lambda node=node, sink=sink: _sink(project, node, sink))
    if wrong:
        raise CannotExport(wrong)
    return made


def column_types(columns: Columns) -> list[str]:
    """As a CREATE TABLE says them."""
    return [f"{_quoted(column.name)} {in_duckdb(column.type)}" for column in columns]


def reading(project: Project, source: Source, rejects: str | None = None) -> exp.Select:
    """The SELECT that reads a source. Raises CannotExport."""
    place = project.places[source.connector]
    options = source.options
    made = exp.Select(expressions=[exp.column(name, quoted=True) for name in source.keep])
    if place.type == "files":
        made.from_(_file(source, place, rejects), copy=False)
    elif place.type not in ATTACHED:
        raise CannotExport(
            [f"node {source.node} reads from {place.connector}, a connector of type {place.type}, which DuckDB does not reach"]
        )
    elif query := options.get("query"):
        if place.type not in _QUERIES:
            raise CannotExport([f"node {source.node} has a query in {place.type}'s own SQL; name a table instead"])
        call = exp.Anonymous(this=_QUERIES[place.type], expressions=[exp.convert(place.alias), exp.convert(inner(str(query)).strip())])
        made.from_(exp.Table(this=call, alias=exp.TableAlias(this=exp.to_identifier("q"))), copy=False)
    else:
        made.from_(attached_table(place, str(options["table"])), copy=False)
    if where := options.get("where"):
        condition = parse_one(str(where), dialect="duckdb")
        for column in condition.find_all(exp.Column):
            column.set("table", None)
        made.where(condition, copy=False)
    return made


def attached_table(place: Place, target: str) -> exp.Table:
    """A table of a database that is attached."""
    table = named(target)
    if not table.args.get("db") and place.type in ("postgres", "duckdb"):
        table.set("db", exp.to_identifier("public" if place.type == "postgres" else "main", quoted=True))
    table.set("catalog", exp.to_identifier(place.alias, quoted=True))
    return table


def rows_of(project: Project, sink: Sink, node: str) -> exp.Select:
    """What a sink is handed, in the order of its relation."""
    table = project.graph.sink_inputs[node]
    made = exp.Select(expressions=[exp.column(column.name, quoted=True) for column in sink.columns])
    made.from_(exp.Table(this=exp.to_identifier(project.names[table], quoted=True)), copy=False)
    if keys := project.order_of(table):
        made.order_by(*keys, copy=False)
    return made


def copy_options(node: str, sink: Sink) -> dict[str, Any]:
    """Of COPY … TO; values are numbers, texts, flags or lists of columns. Raises CannotExport."""
    file = file_format(sink.target, sink.options.get("format"))
    options = sink.options.get("options") or {}
    said: dict[str, Any] = {}
    if file.delimited:
        dialect = csv_dialect(file.name, options)
        if dialect.encoding != "utf-8" or dialect.decimal != ".":
            raise CannotExport(
                [f"node {node} writes {dialect.encoding} with decimal mark {dialect.decimal}; DuckDB writes utf-8 and points"]
            )
        said = {"format": "csv", "header": dialect.header, "delimiter": dialect.delimiter}
        said |= {"quote": dialect.quote, "escape": dialect.escape, "nullstr": dialect.null_values[0] if dialect.null_values else ""}
        said |= {"dateformat": dialect.date_format} if dialect.date_format else {}
        said |= {"timestampformat": dialect.timestamp_format} if dialect.timestamp_format else {}
    elif file.name in ("json", "jsonl"):
        said = {"format": "json", "array": file.name == "json"}
    elif file.name == "parquet":
        said = {"format": "parquet"}
    else:
        raise CannotExport([f"node {node} writes {file.name}, which DuckDB does not write; choose parquet, csv or json"])
    if file.compression == "bz2":
        raise CannotExport([f"node {node} writes bz2, which DuckDB does not write; choose gzip or zstd"])
    if file.compression:
        said["compression"] = file.compression
    return said


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_quoted, value))})"
    return exp.convert(value).sql("duckdb")


def _tried(wrong: list[str], make: Any) -> list[Step]:
    try:
        made: Step = make()
    except CannotExport as refused:
        wrong.extend(refused.reasons)
        return []
    return [made]


def _source(project: Project, source: Source, create: str) -> Step:
    name = project.names[source.table]
    place = project.places[source.connector]
    file = file_format(source.options["path"], source.options.get("format")) if place.type == "files" else None
    rejects = f"{name}_rejects" if file is not None and file.delimited else None
    select = reading(project, source, rejects).sql("duckdb", pretty=True)
    return Step(name, source.node, (), (f"{create} {_quoted(name)} AS\n{select}",), rejects=rejects)


def _file(source: Source, place: Place, rejects: str | None) -> exp.Expr:
    options = source.options
    if (place.root or "").startswith(_REMOTE):
        raise CannotExport(
            [f"node {source.node} reads from {place.connector}, which lies where DuckDB does not reach; copy its files to a folder"]
        )
    path = f"${{{place.variable}}}/{options['path']}"
    file = file_format(str(options["path"]), options.get("format"))
    said = options.get("options") or {}
    columns = columns_from_json(options["surveyed"])
    if file.compression == "bz2":
        raise CannotExport([f"node {source.node} reads bz2, which DuckDB does not unpack"])
    if file.name == "parquet":
        picked = [_taken(column.name, column.type) for column in columns]
        return exp.Select(expressions=picked).from_(_at(calls.read_parquet([path]), path), copy=False).subquery("f")
    if file.delimited:
        dialect = csv_dialect(file.name, said)
        if dialect.encoding not in NATIVE_ENCODINGS:
            raise CannotExport([f"node {source.node} reads {dialect.encoding}; DuckDB reads {', '.join(NATIVE_ENCODINGS)}"])
        types = {column.name: in_duckdb(column.type) for column in columns}
        tables = (rejects, f"{rejects}_scans") if rejects else None
        call = _at(calls.read_csv([path], file, dialect, types, rejects=tables), path)
        if tables is None:
            call.append("expressions", exp.EQ(this=exp.to_identifier("ignore_errors"), expression=exp.true()))
        return exp.Table(this=call)
    if file.name in ("json", "jsonl") and not said:
        shape = "newline_delimited" if file.name == "jsonl" else "array"
        call = calls.call("read_json", [path], columns=calls.struct({c.name: in_duckdb(c.type) for c in columns}), format=shape)
        return exp.Table(this=_at(call, path))
    raise CannotExport([f"node {source.node} reads {file.name} in a way that DuckDB does not; make parquet or csv of it first"])


def _at(call: exp.Anonymous, path: str) -> exp.Anonymous:
    """A recipe's path is a pattern, and stays one."""
    call.expressions[0] = exp.convert([path])
    call.set("expressions", call.expressions)
    return call


def _taken(name: str, kind: str) -> exp.Expr:
    if kind == "JSON":
        return exp.alias_(exp.Anonymous(this="to_json", expressions=[exp.column(name, quoted=True)]), name, quoted=True)
    return exp.alias_(exp.cast(exp.column(name, quoted=True), exp.DataType.build(in_duckdb(kind), dialect="duckdb")), name, quoted=True)


def _sink(project: Project, node: str, sink: Sink) -> Step:
    place = project.places[sink.connector]
    rows = rows_of(project, sink, node)
    after = (project.names[project.graph.sink_inputs[node]],)
    if place.type == "files":
        said = _copied(node, sink, place, rows)
    elif place.type in ATTACHED:
        said = list(_written(place, sink, rows))
    else:
        raise CannotExport([f"node {node} writes to {place.connector}, a connector of type {place.type}, which DuckDB does not reach"])
    return Step(f"write_{project.graph.order.index(node)}_{_word(node)}", node, after, tuple(said))


def _copied(node: str, sink: Sink, place: Place, rows: exp.Select) -> list[str]:
    if (place.root or "").startswith(_REMOTE):
        raise CannotExport([f"node {node} writes to {place.connector}, which lies where DuckDB does not reach"])
    said = copy_options(node, sink)
    target = f"${{{place.variable}}}/{sink.target}"
    if by := sink.options.get("partitionBy"):
        said |= {"partition_by": list(by), "overwrite": True} | ({"write_partition_columns": True} if said["format"] == "parquet" else {})
    elif sink.write_mode == "INSERT":
        # The target is a folder that gets one more part.
        ending = file_format(sink.target, sink.options.get("format")).ending.lstrip(".")
        said |= {"per_thread_output": True, "append": True, "filename_pattern": "part-{uuid}", "file_extension": ending}
    listed = ", ".join(f"{name.upper()} {literal(value)}" for name, value in said.items())
    return [f"COPY (\n{rows.sql('duckdb', pretty=True)}\n) TO {literal(target)} ({listed})"]


def _written(place: Place, sink: Sink, rows: exp.Select) -> Iterator[str]:
    """In one transaction. An UPSERT is an UPDATE and an INSERT, which any attached database takes."""
    table = attached_table(place, sink.target)
    into = table.sql("duckdb")
    if sink.options.get("createTable"):
        yield f"CREATE TABLE IF NOT EXISTS {into} ({', '.join(column_types(sink.columns))})"
    names = [column.name for column in sink.columns]
    listed = ", ".join(map(_quoted, names))
    yield "BEGIN"
    if sink.write_mode == "UPSERT":
        keys = ", ".join(map(_quoted, sink.upsert_keys))
        others = [name for name in names if name not in sink.upsert_keys]
        by = [f"{_quoted(name)} {'ASC' if direction == 'desc' else 'DESC'} NULLS LAST" for name, direction in sink.order]
        by = by or [f"{_quoted(name)} DESC NULLS LAST" for name in others or sink.upsert_keys]
        newest = f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {', '.join(by)}) = 1"
        yield f"CREATE OR REPLACE TEMP TABLE newest AS\nSELECT * FROM ({rows.sql('duckdb')}) {newest}"
        same = " AND ".join(f"t.{_quoted(key)} = s.{_quoted(key)}" for key in sink.upsert_keys)
        if others:
            sets = ", ".join(f"{_quoted(name)} = s.{_quoted(name)}" for name in others)
            yield f"UPDATE {into} AS t SET {sets} FROM newest AS s WHERE {same}"  # noqa: S608 (quoted names)
        known = f"SELECT 1 FROM {into} AS t WHERE {same}"  # noqa: S608 (quoted names)
        yield f"INSERT INTO {into} ({listed})\nSELECT {listed} FROM newest AS s WHERE NOT EXISTS ({known})"
    else:
        if sink.write_mode == "OVERWRITE":
            yield f"DELETE FROM {into}"  # noqa: S608 (quoted names)
        yield f"INSERT INTO {into} ({listed})\n{rows.sql('duckdb', pretty=True)}"
    yield "COMMIT"


def _sql(project: Project, select: exp.Select) -> str:
    try:
        return render.sql(project.named(select), "duckdb", pretty=True)
    except SqlProblem as problem:
        raise CannotExport([problem.message]) from problem


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def _word(name: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in name)


def _in_s3(place: Place) -> bool:
    return (place.root or "").startswith("s3://")


def with_places(text: str, places: Mapping[str, Place], say: Mapping[str, str]) -> str:
    """`say`: by variable, what stands for it."""
    for place in places.values():
        text = text.replace(f"${{{place.variable}}}", say[place.variable])
    return text
