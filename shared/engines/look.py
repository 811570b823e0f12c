"""Looks at a connector for a person: check, discover, preview. In a worker's child, like any stage, since it loads drivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from shared.connectors import driver as connector_driver
from shared.connectors.looking import LookingDriver, shown
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, name
from shared.engines.duckdb.errors import translated
from shared.engines.duckdb.scans import scan
from shared.engines.program import LookProgram, Read
from shared.engines.work import Job, Outcome
from shared.errors import ConfigurationError

PREVIEW_ROWS = 100


def run(job: Job, control: Control) -> Outcome:
    program = LookProgram.from_json(job.program)
    with control.calling(program.connector):
        return Outcome(epoch=job.epoch, facts=_DOES[program.does](job, program, control))


def _driver(job: Job, program: LookProgram) -> LookingDriver:
    connector = job.connectors[program.connector]
    made = connector_driver(connector.type, connector.config)
    if not hasattr(made, "check"):
        raise ConfigurationError(f"a connector of type {connector.type} cannot be looked at; run a recipe that uses it")
    return cast(LookingDriver, made)


def _check(job: Job, program: LookProgram, control: Control) -> dict[str, Any]:
    tried = _driver(job, program).check()
    for one in tried:
        if one.breaks:
            control.unreachable(program.connector, one.said)
    return {"ok": all(one.ok for one in tried), "tried": [one.to_json() for one in tried]}


def _discover(job: Job, program: LookProgram, control: Control) -> dict[str, Any]:
    found, more = _driver(job, program).discover()
    return {"items": [one.to_json() for one in found], "more": more}


def _preview(job: Job, program: LookProgram, control: Control) -> dict[str, Any]:
    """The first rows as DuckDB writes them in JSON; what looks secret by its name is masked."""
    connector = job.connectors[program.connector]
    with translated(job.limits.memory_bytes):
        columns = connector_driver(connector.type, connector.config).survey("source", program.options).columns
        read = Read("preview", "preview", columns, program.connector, {**program.options, "surveyed": [c.to_json() for c in columns]})
        with connected(job.limits) as connection, control.stopped_by(connection.interrupt), scan(connection, job, read, control) as found:
            # As texts: a number of JSON holds neither all decimals nor all of 64 bits.
            picked = ", ".join(f"CAST({name(column.name)} AS VARCHAR)" for column in columns)
            rows = connection.execute(f"SELECT {picked} FROM {found.sql} AS r LIMIT {PREVIEW_ROWS}").fetchall()  # noqa: S608 (quoted names)
    names = [column.name for column in columns]
    return {
        "columns": [{"name": column.name, "type": column.type, "nullable": column.nullable} for column in columns],
        "rows": [shown(dict(zip(names, row, strict=True))) for row in rows],
    }


_DOES: dict[str, Callable[[Job, LookProgram, Control], dict[str, Any]]] = {"check": _check, "discover": _discover, "preview": _preview}
