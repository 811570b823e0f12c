"""The greatest value of a column of a source: where a run's window ends. Asked of the database where it compares as we do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.connectors import driver as connector_driver
from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import Survey
from shared.datasets import Column
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, name, reaching_staging
from shared.engines.duckdb.scans import scan
from shared.engines.program import Read, SurveyProgram
from shared.engines.work import Job
from shared.sql.dialects import dialect as dialect_of
from shared.sql.reads import named, rows_of
from shared.sql.table_names import part, split
from shared.sql.typing import named_type, spelled

_TABLE = "greatest"


def greatest(job: Job, program: SurveyProgram, control: Control) -> dict[str, Any]:
    """{column, type, value}: the value as text, None where there is none."""
    connector = job.connectors[program.connector]
    options = {key: value for key, value in program.options.items() if key not in {"cursorColumn", "schema"}}
    found = connector_driver(connector.type, connector.config).survey("source", options)
    column = _pinned(_column(found, program), program.options.get("schema") or {})
    # Texts are compared by a database's own collation, and inferred types are not what it compares.
    there = CONNECTORS[connector.type].reads_pushed and column.type != "TEXT" and found.inferred_from is None
    columns = (column,) if there else tuple(column if one.name == column.name else one for one in found.columns)
    asked = {"query": _asked(connector.type, options, found.schema, column.name)} if there else options
    read = Read(_TABLE, "", columns, program.connector, {**asked, "surveyed": [one.to_json() for one in columns]}, keep=(column.name,))
    with (
        connected(job.limits) as connection,
        reaching_staging(connection, job.staging),
        control.stopped_by(connection.interrupt),
        scan(connection, job, read, control) as source,
    ):
        picked = f"SELECT CAST(max({name(column.name)}) AS VARCHAR) FROM {source.sql} AS r"  # noqa: S608 (quoted names)
        ((value,),) = connection.execute(picked).fetchall()
    if value is not None and str(value).lstrip("-").lower() in {"infinity", "inf", "nan"}:
        raise Misconfigured(
            f"the greatest {column.name} is {value}, after which nothing comes; correct that row, or take another cursorColumn"
        )
    return {"column": column.name, "type": column.type, "value": value}


def _column(found: Survey, program: SurveyProgram) -> Column:
    wanted = str(program.options["cursorColumn"])
    for same in (wanted.__eq__, lambda other: other.lower() == wanted.lower()):
        hits = [column for column in found.columns if same(column.name)]
        if len(hits) == 1:
            return hits[0]
    there = ", ".join(column.name for column in found.columns)
    raise Misconfigured(f"there is no column {wanted} for cursorColumn; there is {there}")


def _pinned(column: Column, schema: Mapping[str, str]) -> Column:
    """With the type that the recipe names."""
    types = {name.lower(): type_ for name, type_ in schema.items()}
    wanted = types.get(column.name.lower())
    return column if wanted is None else replace(column, type=spelled(named_type(wanted)))


def _asked(connector_type: str, options: Mapping[str, Any], schema: str | None, column: str) -> str:
    """No row where there is none: some databases have a greatest value of nothing."""
    dialect = CONNECTORS[connector_type].dialect
    assert dialect is not None
    value = exp.column(column, quoted=True)
    picked = exp.Select(expressions=[exp.alias_(exp.Max(this=value), column, quoted=True)])
    if query := options.get("query"):
        source = rows_of(str(query).rstrip().rstrip(";") + "\n", exp.to_identifier(_TABLE, quoted=True))
    else:
        table = str(options["table"])
        source = named(table if split(table)[0] is not None or schema is None else f"{part(schema)}.{part(split(table)[1])}")
    some = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))
    return picked.from_(source, copy=False).having(some, copy=False).sql(dialect_of(dialect).writes)
