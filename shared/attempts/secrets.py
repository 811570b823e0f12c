"""Secrets put into the program of a stage, in memory, once the stage is taken: settings of connectors as text, SQL as literals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.connectors import CONNECTORS
from shared.engines.program import TELLING
from shared.secrets.references import Reference, reference_in
from shared.sql.dialects import dialect as dialect_of
from shared.sql.holes import with_texts

_ENGINE = "duckdb"


def needed(program: Mapping[str, Any]) -> dict[str, Reference]:
    """By token; empty for nearly every program."""
    found = {token: reference_in(said) for token, said in program.get("secrets", {}).items()}
    return {token: reference for token, reference in found.items() if reference is not None}


def with_secrets(kind: str, program: Mapping[str, Any], values: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Any]:
    """The program that is run. `values` by token; `types`: connector types by reference.

    What tells or keeps (the key of a survey, names of nodes and columns) holds the tokens still.
    """
    filled = {key: value for key, value in program.items() if key != "secrets"}

    if kind == TELLING:
        return {**filled, "target": _plain(filled["target"], values)}
    # A stage that runs in its sinks' database speaks that database's dialect.
    spoken = _dialect(types[filled["sinks"][0]["connector"]]) if filled.get("engine") == "database" else _ENGINE

    def sql(text: str) -> str:
        return with_texts(text, values, spoken)

    if kind in {"survey", "look"}:
        return {**filled, "options": _options(filled["options"], values, _dialect(types[filled["connector"]]))}
    reads = [
        {
            **read,
            "options": _options(read["options"], values, _dialect(types[read["connector"]]))
            if read["connector"] in types
            else read["options"],
        }
        for read in filled.get("reads", [])
    ]
    sinks = [
        {**sink, "sql": sql(sink["sql"]), "target": _plain(sink["target"], values), "options": _plain(sink["options"], values)}
        for sink in filled.get("sinks", [])
    ]
    statements = {part: [{**one, "sql": sql(one["sql"])} for one in filled.get(part, [])] for part in ("statements", "outputs", "rejects")}
    return {**filled, **statements, "reads": reads, "sinks": sinks}


def _options(options: Mapping[str, Any], values: Mapping[str, str], dialect: str) -> dict[str, Any]:
    as_sql: dict[str, Callable[[str], str]] = {
        "query": lambda text: with_texts(text, values, dialect),
        "where": lambda text: with_texts(text, values, _ENGINE),
    }
    return {
        key: as_sql[key](value) if key in as_sql and isinstance(value, str) else _plain(value, values) for key, value in options.items()
    }


def _dialect(connector_type: str) -> str:
    """As sqlglot calls it."""
    return dialect_of(CONNECTORS[connector_type].dialect or _ENGINE).writes


def _plain(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for token, secret in values.items():
            value = value.replace(token, secret)
        return value
    if isinstance(value, Mapping):
        return {key: _plain(entry, values) for key, entry in value.items()}
    return [_plain(entry, values) for entry in value] if isinstance(value, list) else value
