"""A pipeline as a PySpark script: reads and writes by Spark's DataFrames, all between in Spark's SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlglot import exp, parse_one

from shared.connectors import CONNECTORS
from shared.datasets.columns import columns_from_json
from shared.engines.program import Sink
from shared.formats import csv_dialect, file_format
from shared.planning.exports.duckdb import rows_of
from shared.planning.exports.project import CannotExport, Place, Project
from shared.planning.graph import Source
from shared.sql import render
from shared.sql.errors import SqlProblem
from shared.sql.reads import select as reading

_HEAD = '''\
"""{title}, exported from Penstock, for Spark 3.5 or later.

    spark-submit pipeline.py
"""

import os
import sys

from pyspark.sql import SparkSession

# What is given from outside: variable -> its default; None: it must be set.
VARIABLES = {variables}


def given(name):
    value = os.environ.get(name, VARIABLES[name])
    return value if value is not None else sys.exit(f"set {{name}}")


spark = SparkSession.builder.appName({name!r}).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.ansi.enabled", "true")
'''
# Databases that Spark reaches by JDBC.
_JDBC = (
    "postgres",
    "mysql",
    "sqlserver",
    "oracle",
    "snowflake",
    "redshift",
    "clickhouse",
    "teradata",
    "hana",
    "ase",
    "databricks",
    "sqlite",
)


def spark(project: Project) -> Mapping[str, str]:
    wrong: list[str] = []
    parts = [_HEAD.format(title=project.title, name=project.pipeline.name, variables={p.variable: p.root for p in project.places.values()})]
    for source in project.graph.sources.values():
        _tried(wrong, parts, lambda source=source: _source(project, source))
    for port in project.ports():
        if port.relation.function is not None:
            wrong.append(f"node {port.node} is a function in Python over a whole table, which Spark has not; export as python")
            continue
        _tried(wrong, parts, lambda port=port: _view(port.node, project.names[port.table], _rendered(project.named(port.relation.select))))
    for node, sink in project.graph.sinks.items():
        _tried(wrong, parts, lambda node=node, sink=sink: _sink(project, node, sink))
    if wrong:
        raise CannotExport(wrong)
    jdbc = [place for place in project.places.values() if place.type != "files"]
    notes = [f"{place.variable} is a JDBC address, user and password included; have the driver's jar at hand (--jars)." for place in jdbc]
    notes.append("Spark writes a folder of files where Penstock writes one file.")
    return {
        "pipeline.py": "\n".join(parts) + "\nspark.stop()\n",
        "README.md": project.readme("a PySpark script", ["spark-submit pipeline.py"], notes),
    }


def _tried(wrong: list[str], parts: list[str], make: Any) -> None:
    try:
        parts.append(make())
    except CannotExport as refused:
        wrong.extend(refused.reasons)
    except SqlProblem as problem:
        wrong.append(problem.message)


def _view(node: str, name: str, sql: str) -> str:
    return f"# {node}\nspark.sql({_text(f'CREATE OR REPLACE TEMPORARY VIEW {name} AS{chr(10)}{sql}')})\n"


def _source(project: Project, source: Source) -> str:
    place = project.places[source.connector]
    name = project.names[source.table]
    if place.type == "files":
        return _file(source, place, name)
    if place.type not in _JDBC:
        raise CannotExport(
            [f"node {source.node} reads from {place.connector}, a connector of type {place.type}, which Spark does not reach"]
        )
    spoken = CONNECTORS[place.type].dialect
    assert spoken is not None
    query = reading(spoken, source.keep, source.options)
    jdbc = f'spark.read.format("jdbc").option("url", given("{place.variable}")).option("query", {_text(query)}).load()'
    return f'# {source.node}\n{jdbc}.createOrReplaceTempView("{name}")\n'


def _file(source: Source, place: Place, name: str) -> str:
    """What is text in a file is read as text and made a value of here, as Penstock does it: what does not fit is no row."""
    options = source.options
    file = file_format(str(options["path"]), options.get("format"))
    said = options.get("options") or {}
    columns = columns_from_json(options["surveyed"])
    path = f'given("{place.variable}") + {json.dumps("/" + str(options["path"]))}'
    where = [parse_one(str(options["where"]), dialect="duckdb")] if options.get("where") else []
    for condition in where:
        for column in condition.find_all(exp.Column):
            column.set("table", None)
    raw = f"{name}_as_read"
    if file.name == "parquet":
        read = f"spark.read.parquet({path})"
        picked: list[exp.Expr] = [exp.column(one, quoted=True) for one in source.keep]
        texts: list[str] = []
    elif file.delimited:
        dialect = csv_dialect(file.name, said)
        if dialect.decimal != "." or dialect.date_format or dialect.timestamp_format or dialect.skip_rows:
            raise CannotExport(
                [f"node {source.node} reads a csv with a decimal mark, formats of dates or rows to skip, which Spark reads otherwise"]
            )
        texts = list(dialect.null_values)
        schema = ", ".join(f"{_quoted(column.name)} STRING" for column in columns)
        settings = {
            "header": dialect.header,
            "sep": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
            "encoding": dialect.encoding,
        }
        read = f"spark.read.csv({path}, schema={schema!r}, enforceSchema=True, mode='DROPMALFORMED', multiLine=True, **{settings!r})"
        picked = [_value(c.name, c.type, texts) for c in columns if c.name in source.keep or where]
    elif file.name in ("json", "jsonl") and not said:
        schema = ", ".join(f"{_quoted(column.name)} {_type(column.type)}" for column in columns)
        read = f"spark.read.json({path}, schema={schema!r}, multiLine={file.name == 'json'})"
        picked, texts = [exp.column(one, quoted=True) for one in source.keep], []
    else:
        raise CannotExport([f"node {source.node} reads {file.name} in a way that Spark does not; make parquet or csv of it first"])
    select = exp.Select(expressions=picked).from_(exp.to_table(raw), copy=False)
    if file.delimited:
        fits = [fit for column in columns if (fit := _fits(column.name, column.type, texts)) is not None]
        if fits:
            select.where(*fits, copy=False)
        if where:
            outer = exp.Select(expressions=[exp.column(one, quoted=True) for one in source.keep])
            select = outer.from_(select.subquery("r"), copy=False)
    if where:
        select.where(*where, copy=False)
    return (
        f'# {source.node}\n{read}.createOrReplaceTempView("{raw}")\n'
        + _view(source.node, name, select.sql("spark", pretty=True)).partition("\n")[2]
    )


def _value(name: str, kind: str, nulls: list[str]) -> exp.Expr:
    return exp.alias_(exp.TryCast(this=_text_of(name, nulls), to=_data_type(kind), safe=True), name, quoted=True)


def _fits(name: str, kind: str, nulls: list[str]) -> exp.Expr | None:
    if kind == "TEXT":
        return None
    cast = exp.TryCast(this=_text_of(name, nulls), to=_data_type(kind), safe=True)
    return exp.paren(
        exp.or_(exp.Is(this=_text_of(name, nulls), expression=exp.null()), exp.Not(this=exp.Is(this=cast, expression=exp.null())))
    )


def _text_of(name: str, nulls: list[str]) -> exp.Expr:
    column = exp.column(name, quoted=True)
    if not nulls:
        return column
    listed = exp.In(this=column.copy(), expressions=[exp.convert(text) for text in nulls])
    return exp.Case(ifs=[exp.If(this=exp.Not(this=listed), true=column)])


def _sink(project: Project, node: str, sink: Sink) -> str:
    place = project.places[sink.connector]
    rows = f"# {node}\nspark.sql({_text(rows_of(project, sink, node).sql('spark', pretty=True))}).write"
    mode = "append" if sink.write_mode == "INSERT" else "overwrite"
    if sink.write_mode == "UPSERT":
        raise CannotExport(
            [f"node {node} writes with UPSERT, for which Spark has no words over {place.type}; use INSERT or OVERWRITE, or export as sql"]
        )
    if place.type != "files":
        if place.type not in _JDBC:
            raise CannotExport([f"node {node} writes to {place.connector}, a connector of type {place.type}, which Spark does not reach"])
        to = f'.option("url", given("{place.variable}")).option("dbtable", {json.dumps(sink.target)}).option("truncate", "true")'
        return f'{rows}.format("jdbc"){to}.mode("{mode}").save()\n'
    file = file_format(sink.target, sink.options.get("format"))
    said = sink.options.get("options") or {}
    settings: dict[str, Any] = {"compression": file.compression} if file.compression else {}
    if file.delimited:
        dialect = csv_dialect(file.name, said)
        settings |= {"header": dialect.header, "sep": dialect.delimiter, "quote": dialect.quote, "escape": dialect.escape, "emptyValue": ""}
    elif file.name not in ("parquet", "jsonl"):
        raise CannotExport([f"node {node} writes {file.name}, which Spark does not write; choose parquet, csv or jsonl"])
    divided = f".partitionBy(*{list(by)!r})" if (by := sink.options.get("partitionBy")) else ""
    kind = "csv" if file.delimited else "json" if file.name == "jsonl" else "parquet"
    options = f".options(**{settings!r})" if settings else ""
    return f'{rows}.mode("{mode}"){divided}{options}.{kind}(given("{place.variable}") + {json.dumps("/" + sink.target)})\n'


def _rendered(select: exp.Select) -> str:
    made = select.copy()
    for cast in made.find_all(exp.TryCast):
        # Else sqlglot writes a CAST, which Spark 2 had alone, and which ends the run where ours gives NULL.
        cast.set("safe", True)
    return render.sql(made, "spark", pretty=True)


def _type(kind: str) -> str:
    return _data_type(kind).sql("spark")


def _data_type(kind: str) -> exp.DataType:
    made = exp.DataType.build(kind, dialect="postgres")
    return exp.DataType.build("TIMESTAMP_NTZ", dialect="spark") if kind == "TIMESTAMP" else made


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("spark")


def _text(sql: str) -> str:
    return repr(sql) if '"""' in sql or "\\" in sql or sql.endswith('"') else f'"""{sql}"""'
