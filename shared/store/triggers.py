"""What starts pipelines by itself, and what each of these has done. A trigger's row is the lock under which it fires."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shared.pipelines.model import Starts
from shared.store.database import Tx
from shared.store.identifiers import new_id

# Types that are looked at by themselves; the others fire when something comes in.
LOOKING = ("schedule", "file", "kafka")
# Of a recipe that today's rules refuse.
NOTHING = Starts(enabled=True, triggers=())


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger whose row this transaction holds."""

    id: str
    namespace: str
    pipeline: str
    name: str
    type: str
    config: dict[str, Any]
    version: int
    active: bool
    handled_to: datetime
    look_at: datetime | None
    state: dict[str, Any]


def sync(tx: Tx, namespace: str, pipeline: str, version: int, starts: Starts) -> None:
    """The triggers of a pipeline are those of this version now. One whose settings stay goes on where it was; others begin anew.

    Call it in the transaction that saves the version, which holds the resource's row.
    """
    there = {row["name"]: row for row in tx.execute(
        "SELECT name, type, config, active FROM triggers WHERE namespace = %(ns)s AND pipeline = %(p)s FOR UPDATE",
        {"ns": namespace, "p": pipeline},
    )}  # fmt: skip
    on = switched(tx, namespace, pipeline, recipe=starts.enabled)
    for one in starts.triggers:
        before = there.get(one.name)
        active = on and one.enabled
        same = before is not None and before["type"] == one.type and before["config"] == one.config
        goes_on = same and before is not None and before["active"] == active
        tx.execute(
            """
            INSERT INTO triggers (id, namespace, pipeline, name, type, config, version, active, look_at)
            VALUES (%(id)s, %(ns)s, %(p)s, %(name)s, %(type)s, %(config)s, %(version)s, %(active)s, CASE WHEN %(looks)s THEN now() END)
            ON CONFLICT (namespace, pipeline, name) DO UPDATE
               SET type = excluded.type, config = excluded.config, version = excluded.version, active = excluded.active,
                   handled_to = CASE WHEN %(goes_on)s THEN triggers.handled_to ELSE now() END,
                   look_at = CASE WHEN %(goes_on)s THEN triggers.look_at ELSE excluded.look_at END,
                   state = CASE WHEN triggers.type = excluded.type THEN triggers.state ELSE '{}' END, problem = NULL
            """,
            {
                "id": new_id(),
                "ns": namespace,
                "p": pipeline,
                "name": one.name,
                "type": one.type,
                "config": Jsonb(dict(one.config)),
                "version": version,
                "active": active,
                "looks": one.type in LOOKING,
                "goes_on": goes_on,
            },
        )
    gone = sorted(set(there) - {one.name for one in starts.triggers})
    tx.execute(
        "UPDATE triggers SET active = false WHERE namespace = %(ns)s AND pipeline = %(p)s AND name = ANY(%(gone)s)",
        {"ns": namespace, "p": pipeline, "gone": gone},
    )
    tx.execute(
        "UPDATE resources SET triggers_of = %(version)s WHERE kind = 'Pipeline' AND namespace = %(ns)s AND name = %(p)s",
        {"ns": namespace, "p": pipeline, "version": version},
    )


def remove(tx: Tx, namespace: str, pipeline: str) -> None:
    """Of a pipeline that is deleted. What they have done stays on record, so that none of it is done again should it come back."""
    tx.execute("UPDATE triggers SET active = false WHERE namespace = %(ns)s AND pipeline = %(p)s", {"ns": namespace, "p": pipeline})
    tx.execute("DELETE FROM switches WHERE namespace = %(ns)s AND pipeline = %(p)s", {"ns": namespace, "p": pipeline})


def unsynced(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """{uid, namespace, name, version} of pipelines whose newest valid version's triggers are not in force: saved by an older release."""
    return list(
        tx.execute(
            """
            SELECT r.uid::text AS uid, r.namespace, r.name, v.version
              FROM resources r
              JOIN LATERAL (SELECT max(version) AS version FROM resource_versions v WHERE v.uid = r.uid AND v.valid) v ON true
             WHERE r.kind = 'Pipeline' AND r.deleted_at IS NULL AND r.triggers_of IS NULL AND v.version IS NOT NULL
             ORDER BY r.namespace, r.name LIMIT %(limit)s
            """,
            {"limit": limit},
        )
    )


def switched(tx: Tx, namespace: str, pipeline: str, *, recipe: bool) -> bool:
    """Whether it starts by itself: as a person said last, unless the recipe has changed its mind since."""
    row = tx.execute(
        "SELECT enabled, recipe_enabled FROM switches WHERE namespace = %(ns)s AND pipeline = %(p)s", {"ns": namespace, "p": pipeline}
    ).fetchone()
    return bool(row["enabled"]) if row is not None and row["recipe_enabled"] == recipe else recipe


def switch(tx: Tx, namespace: str, pipeline: str, *, enabled: bool, recipe: bool, by: str) -> None:
    """Takes effect with the next `sync`."""
    tx.execute(
        """
        INSERT INTO switches (namespace, pipeline, enabled, recipe_enabled, by) VALUES (%(ns)s, %(p)s, %(enabled)s, %(recipe)s, %(by)s)
        ON CONFLICT (namespace, pipeline)
        DO UPDATE SET enabled = excluded.enabled, recipe_enabled = excluded.recipe_enabled, by = excluded.by, at = now()
        """,
        {"ns": namespace, "p": pipeline, "enabled": enabled, "recipe": recipe, "by": by},
    )


_TRIGGERS = """
    SELECT id::text AS id, namespace, pipeline, name, type, config, version, active, handled_to, look_at, state FROM triggers
"""


def due(tx: Tx, type_: str, limit: int) -> list[Trigger]:
    """Active ones of a type whose time has come, those that waited longest first, locked; those that somebody holds are passed over."""
    rows = tx.execute(
        _TRIGGERS + " WHERE active AND type = %(type)s AND look_at <= now() ORDER BY look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
        {"type": type_, "limit": limit},
    )
    return [Trigger(**row) for row in rows]


def hold(tx: Tx, namespace: str, pipeline: str, name: str) -> Trigger | None:
    """Takes its row, waiting for whoever holds it; inactive ones too."""
    row = tx.execute(
        _TRIGGERS + " WHERE namespace = %(ns)s AND pipeline = %(p)s AND name = %(name)s FOR UPDATE",
        {"ns": namespace, "p": pipeline, "name": name},
    ).fetchone()
    return Trigger(**row) if row else None


def take(tx: Tx, ids: Collection[str]) -> list[Trigger]:
    """Their rows, locked; those that somebody holds are passed over. Inactive ones too."""
    rows = tx.execute(_TRIGGERS + " WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED", {"ids": list(ids)})
    return [Trigger(**row) for row in rows]


def of_pipeline(tx: Tx, namespace: str, pipeline: str) -> list[Trigger]:
    rows = tx.execute(_TRIGGERS + " WHERE namespace = %(ns)s AND pipeline = %(p)s ORDER BY name", {"ns": namespace, "p": pipeline})
    return [Trigger(**row) for row in rows]


def looked(
    tx: Tx,
    trigger: Trigger,
    *,
    look_at: datetime | None,
    handled_to: datetime | None = None,
    state: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> None:
    """What a look at a trigger that is held came to; `handled_to` and `state` None: as before."""
    tx.execute(
        """
        UPDATE triggers SET look_at = %(look_at)s, handled_to = coalesce(%(handled_to)s, handled_to), state = coalesce(%(state)s, state),
               problem = %(problem)s
         WHERE id = %(id)s
        """,
        {
            "id": trigger.id,
            "look_at": look_at,
            "handled_to": handled_to,
            "state": Jsonb(dict(state)) if state is not None else None,
            "problem": Jsonb(dict(problem)) if problem is not None else None,
        },
    )


def fired(tx: Tx, trigger: Trigger, key: str, *, run: str | None, outcome: str, detail: Mapping[str, Any] | None = None) -> bool:
    """Records what became of one thing that the trigger saw. False where that is on record already: then start nothing for it.

    Call it before the run is made, under the trigger's row.
    """
    row = tx.execute(
        """
        INSERT INTO firings (trigger_id, key, run_id, outcome, detail) VALUES (%(id)s, %(key)s, %(run)s, %(outcome)s, %(detail)s)
        ON CONFLICT DO NOTHING RETURNING 1 AS new
        """,
        {"id": trigger.id, "key": key, "run": run, "outcome": outcome, "detail": Jsonb(dict(detail or {}))},
    ).fetchone()
    return row is not None


def refused(tx: Tx, trigger: Trigger, key: str, error: Mapping[str, Any]) -> None:
    """The run of what was recorded could not be made."""
    tx.execute(
        "UPDATE firings SET run_id = NULL, outcome = 'refused', detail = %(error)s WHERE trigger_id = %(id)s AND key = %(key)s",
        {"id": trigger.id, "key": key, "error": Jsonb(dict(error))},
    )


def known(tx: Tx, trigger: Trigger, keys: Collection[str]) -> set[str]:
    """Those of the keys that are on record."""
    rows = tx.execute("SELECT key FROM firings WHERE trigger_id = %(id)s AND key = ANY(%(keys)s)", {"id": trigger.id, "keys": list(keys)})
    return {row["key"] for row in rows}


def look_again(tx: Tx, type_: str) -> None:
    """All of a type are to be looked at now: something that they go by has changed."""
    tx.execute("UPDATE triggers SET look_at = now() WHERE type = %(type)s AND active", {"type": type_})
