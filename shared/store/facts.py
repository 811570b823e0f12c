"""What surveys found out about sources and sinks, with the time they looked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store import schemas
from shared.store.database import Tx


def record(tx: Tx, program: Mapping[str, Any], brought: Mapping[str, Any]) -> None:
    """What a survey brought, {key, found}: as a fact, and in the history of the schema. `program`: as `SurveyProgram.to_json`, its secrets
    not yet put in.
    """
    put(tx, brought["key"], brought["found"])
    schemas.seen(tx, program["connector"], program["options"], brought["found"])


def put(tx: Tx, key: str, found: Mapping[str, Any]) -> None:
    tx.execute(
        "INSERT INTO facts (key, found, surveyed_at) VALUES (%(key)s, %(found)s, clock_timestamp())"
        " ON CONFLICT (key) DO UPDATE SET found = excluded.found, surveyed_at = excluded.surveyed_at",
        {"key": key, "found": Jsonb(dict(found))},
    )


def fresh(tx: Tx, keys: Iterable[str], max_age: timedelta) -> dict[str, dict[str, Any]]:
    """Facts by key that are at most so old, by database time; others are left out."""
    rows = tx.execute(
        "SELECT key, found FROM facts WHERE key = ANY(%(keys)s) AND surveyed_at >= clock_timestamp() - %(age)s",
        {"keys": list(keys), "age": max_age},
    )
    return {row["key"]: row["found"] for row in rows}


def with_age(tx: Tx, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """key -> {found, surveyed_at, age_seconds}, however old."""
    rows = tx.execute(
        """
        SELECT key, found, surveyed_at, extract(epoch FROM clock_timestamp() - surveyed_at)::float AS age_seconds
          FROM facts WHERE key = ANY(%(keys)s)
        """,
        {"keys": list(keys)},
    )
    return {row["key"]: row for row in rows}


def columns(tx: Tx, connectors: Iterable[str], max_age: timedelta) -> dict[str, dict[str, list[str]]]:
    """Names of columns that surveys of sources found: connector (namespace/name) -> table, query or path -> names in their order."""
    rows = tx.execute(
        "SELECT key, jsonb_path_query_array(found, '$.columns[*][0]') AS names FROM facts"
        " WHERE split_part(key, ':', 1) = ANY(%(connectors)s) AND split_part(key, ':', 2) = 'source'"
        " AND surveyed_at >= clock_timestamp() - %(age)s",
        {"connectors": list(connectors), "age": max_age},
    )
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        connector, _, rest = row["key"].partition(":source:")
        options = json.loads(rest)
        # With options of its own the same file may have other columns.
        if len(options) == 1:
            found.setdefault(connector, {})[str(next(iter(options.values())))] = row["names"]
    return found


def surveyed_for(tx: Tx, keys: Iterable[str], run: str) -> dict[str, dict[str, Any]]:
    """Facts by key that were found since the run began: what its own surveys brought."""
    rows = tx.execute(
        "SELECT f.key, f.found FROM facts f JOIN runs r ON r.id = %(run)s WHERE f.key = ANY(%(keys)s) AND f.surveyed_at >= r.started_at",
        {"keys": list(keys), "run": run},
    )
    return {row["key"]: row["found"] for row in rows}


def forget(tx: Tx, keys: Iterable[str]) -> None:
    tx.execute("DELETE FROM facts WHERE key = ANY(%(keys)s)", {"keys": list(keys)})


def forget_of(tx: Tx, connectors: Iterable[str]) -> None:
    """All that is known of these connectors (namespace/name)."""
    tx.execute("DELETE FROM facts WHERE split_part(key, ':', 1) = ANY(%(connectors)s)", {"connectors": list(connectors)})
