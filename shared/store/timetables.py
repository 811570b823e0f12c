"""The timetables of schedules: what a trigger says, with the calendars as they are now. A calendar's newest valid version is in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.pipelines.validation import stored_calendar
from shared.pipelines.validation.known import full_name
from shared.store.database import Tx
from shared.store.resources import with_texts
from shared.triggers.calendars import Calendar
from shared.triggers.fires import Timetable
from shared.triggers.fires import timetable as made
from shared.triggers.schedule import schedule


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What is known of a pipeline's schedule. `version`: in force, None where none was ever valid; `config`: None where that has none.

    `draft`: the current version, where that is one.
    """

    version: int | None
    config: dict[str, Any] | None
    active: bool
    draft: int | None


def timetable(tx: Tx, namespace: str, config: Mapping[str, Any]) -> Timetable:
    """Of a schedule trigger: {schedule, timezone, calendar, …}. `namespace`: of its pipeline. Raises BadSchedule."""
    names = _names(namespace, config)
    return _made(config, names, calendars(tx, names) if names else {})


def calendars(tx: Tx, names: Collection[str]) -> dict[str, Calendar]:
    """Those of the names (namespace/name) that there are."""
    parts = [name.split("/", 1) for name in names]
    rows = tx.execute(
        """
        SELECT r.kind, r.namespace, r.name, v.version, v.document, v.document_sha
          FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS wanted (namespace, name)
          JOIN resources r ON r.kind = 'Calendar' AND r.namespace = wanted.namespace AND r.name = wanted.name AND r.deleted_at IS NULL
          JOIN LATERAL (SELECT version, document, document_sha FROM resource_versions v WHERE v.uid = r.uid AND v.valid
                         ORDER BY version DESC LIMIT 1) v ON true
        """,
        {"namespaces": [namespace for namespace, _ in parts], "names": [name for _, name in parts]},
    )
    found = (stored_calendar(row["document"], row["version"]) for row in with_texts(tx, rows))
    return {one.name: one for one in found if one is not None}


def scheduled(tx: Tx, namespace: str, pipeline: str) -> Scheduled | None:
    """None where there is no such pipeline."""
    row = tx.execute(
        """
        SELECT r.triggers_of, r.current_version, v.valid, t.config, coalesce(t.active, false) AS active
          FROM resources r
          JOIN resource_versions v ON v.uid = r.uid AND v.version = r.current_version
          LEFT JOIN triggers t ON t.namespace = r.namespace AND t.pipeline = r.name AND t.type = 'schedule' AND t.version = r.triggers_of
         WHERE r.kind = 'Pipeline' AND r.namespace = %(ns)s AND r.name = %(p)s AND r.deleted_at IS NULL
        """,
        {"ns": namespace, "p": pipeline},
    ).fetchone()
    if row is None:
        return None
    return Scheduled(row["triggers_of"], row["config"], row["active"], None if row["valid"] else row["current_version"])


def next_fires(tx: Tx, pipelines: Sequence[tuple[str, str]], now: datetime) -> dict[tuple[str, str], datetime]:
    """When each of some pipelines fires next, by (namespace, name); those that do not fire are left out. Two statements for all of them."""
    rows = tx.execute(
        """
        SELECT t.namespace, t.pipeline, t.config
          FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS wanted (namespace, name)
          JOIN triggers t ON t.namespace = wanted.namespace AND t.pipeline = wanted.name
          JOIN resources r ON r.kind = 'Pipeline' AND r.namespace = t.namespace AND r.name = t.pipeline AND r.triggers_of = t.version
         WHERE t.type = 'schedule' AND t.active AND r.deleted_at IS NULL
        """,
        {"namespaces": [namespace for namespace, _ in pipelines], "names": [name for _, name in pipelines]},
    ).fetchall()
    names = {(row["namespace"], row["pipeline"]): _names(row["namespace"], row["config"]) for row in rows}
    wanted = {name for some in names.values() for name in some}
    known = calendars(tx, sorted(wanted)) if wanted else {}
    found = {}
    for row in rows:
        key = (row["namespace"], row["pipeline"])
        if (at := next(_made(row["config"], names[key], known).fires(now), None)) is not None:
            found[key] = at
    return found


def _names(namespace: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Calendars in the order in which they are asked: those after the cron, then the pipeline's own; each once."""
    own = (config["calendar"],) if config.get("calendar") else ()
    return tuple(dict.fromkeys(full_name(name, namespace) for name in (*schedule(config["schedule"]).calendars, *own)))


def _made(config: Mapping[str, Any], names: tuple[str, ...], known: Mapping[str, Calendar]) -> Timetable:
    there = tuple(known[name] for name in names if name in known)
    return made(config["schedule"], config["timezone"], there, tuple(name for name in names if name not in known))
