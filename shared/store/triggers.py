"""What starts pipelines by itself, and what each of these has done. A trigger's row is the lock under which it fires."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.pipelines.model import Starts, TriggerDefinition
from shared.store.database import Tx
from shared.store.identifiers import new_id

# Types that are looked at by themselves; the others fire when something comes in.
LOOKING = ("schedule", "file", "kafka")
# Of a schedule: what its fire times depend on. One that keeps these keeps its fire times, those that are not dealt with yet too.
_TIMES = ("schedule", "timezone", "calendar")
# A missed fire time that waits for its turn to be run (catchUp: all).
BEHIND = "behind"
# Of a pipeline that nothing but its dependencies starts; no recipe says it, the PipelineDependency does.
DEPENDENCY = "dependency"
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


@dataclass(frozen=True, slots=True)
class Firing:
    """What became of one thing that a trigger saw; `run`: the run that it starts, None where it starts none."""

    trigger: str
    key: str
    run: str | None
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def sync(tx: Tx, namespace: str, pipeline: str, version: int, starts: Starts) -> None:
    """The triggers of a pipeline are those of this version now. One whose settings stay goes on where it was; others begin anew.

    Call it in the transaction that saves the version, which holds the resource's row.
    """
    if starts is not NOTHING:
        # The recipe has changed its mind since somebody switched it: that is over, also should it change its mind again.
        tx.execute(
            "DELETE FROM switches WHERE namespace = %(ns)s AND pipeline = %(p)s AND recipe_enabled <> %(recipe)s",
            {"ns": namespace, "p": pipeline, "recipe": starts.enabled},
        )
    if not starts.triggers and _waits(tx, namespace, pipeline):
        starts = replace(starts, triggers=(TriggerDefinition(DEPENDENCY, DEPENDENCY, {}),))
    there = {row["name"]: row for row in tx.execute(
        "SELECT id::text AS id, name, type, config, active FROM triggers WHERE namespace = %(ns)s AND pipeline = %(p)s FOR UPDATE",
        {"ns": namespace, "p": pipeline},
    )}  # fmt: skip
    on = switched(tx, namespace, pipeline, recipe=starts.enabled)
    anew = []
    for one in starts.triggers:
        before = there.get(one.name)
        active = on and one.enabled
        same = before is not None and before["type"] == one.type and before["config"] == one.config
        goes_on = same and before is not None and before["active"] == active
        keeps = goes_on or (before is not None and before["active"] and active and _same_times(before, one))
        if before is not None and not keeps:
            anew.append(before["id"])
        tx.execute(
            """
            INSERT INTO triggers (id, namespace, pipeline, name, type, config, version, active, look_at)
            VALUES (%(id)s, %(ns)s, %(p)s, %(name)s, %(type)s, %(config)s, %(version)s, %(active)s, CASE WHEN %(looks)s THEN now() END)
            ON CONFLICT (namespace, pipeline, name) DO UPDATE
               SET type = excluded.type, config = excluded.config, version = excluded.version, active = excluded.active,
                   handled_to = CASE WHEN %(keeps)s THEN triggers.handled_to ELSE now() END,
                   look_at = CASE WHEN %(goes_on)s THEN triggers.look_at ELSE excluded.look_at END,
                   since = CASE WHEN %(keeps)s THEN triggers.since ELSE now() END,
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
                "keeps": keeps,
            },
        )
    gone = sorted(set(there) - {one.name for one in starts.triggers})
    _give_up(tx, [*anew, *(there[name]["id"] for name in gone)])
    tx.execute(
        "UPDATE triggers SET active = false WHERE namespace = %(ns)s AND pipeline = %(p)s AND name = ANY(%(gone)s)",
        {"ns": namespace, "p": pipeline, "gone": gone},
    )
    tx.execute(
        "UPDATE resources SET triggers_of = %(version)s, enabled = %(on)s WHERE kind = 'Pipeline' AND namespace = %(ns)s AND name = %(p)s",
        {"ns": namespace, "p": pipeline, "version": version, "on": on},
    )


def _same_times(before: Mapping[str, Any], one: TriggerDefinition) -> bool:
    return before["type"] == one.type == "schedule" and all(before["config"].get(key) == one.config.get(key) for key in _TIMES)


def _give_up(tx: Tx, ids: Sequence[str]) -> None:
    """Fire times that wait to be run, of triggers that begin anew or are gone: they count as missed."""
    tx.execute(
        "UPDATE firings SET outcome = 'missed', detail = %(why)s WHERE trigger_id = ANY(%(ids)s::uuid[]) AND outcome = 'behind'",
        {"ids": list(ids), "why": Jsonb({"reason": "the schedule was changed, or switched off, before its turn came"})},
    )


def _waits(tx: Tx, namespace: str, pipeline: str) -> bool:
    """Whether a PipelineDependency says of it what it waits for."""
    found = tx.execute(
        "SELECT 1 AS waits FROM dependencies WHERE downstream_namespace = %(ns)s AND downstream = %(p)s LIMIT 1",
        {"ns": namespace, "p": pipeline},
    )
    return found.fetchone() is not None


def remove(tx: Tx, namespace: str, pipeline: str) -> None:
    """Of a pipeline that is deleted. What they have done stays on record, so that none of it is done again should it come back."""
    rows = tx.execute(
        "UPDATE triggers SET active = false WHERE namespace = %(ns)s AND pipeline = %(p)s RETURNING id::text AS id",
        {"ns": namespace, "p": pipeline},
    )
    _give_up(tx, [row["id"] for row in rows])
    # No version's are in force, those of before the deletion neither should it come back as a draft.
    tx.execute(
        "UPDATE resources SET triggers_of = 0, enabled = NULL WHERE kind = 'Pipeline' AND namespace = %(ns)s AND name = %(p)s",
        {"ns": namespace, "p": pipeline},
    )
    tx.execute("DELETE FROM switches WHERE namespace = %(ns)s AND pipeline = %(p)s", {"ns": namespace, "p": pipeline})


def unsynced(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """{uid, namespace, name, version} of pipelines whose newest valid version's triggers are not in force: saved by an older release.

    Their rows are held, so that no newer version is saved meanwhile; those that somebody holds are passed over.
    """
    return list(
        tx.execute(
            """
            SELECT r.uid::text AS uid, r.namespace, r.name, v.version
              FROM resources r
              JOIN LATERAL (SELECT max(version) AS version FROM resource_versions v WHERE v.uid = r.uid AND v.valid) v ON true
             WHERE r.kind = 'Pipeline' AND r.deleted_at IS NULL AND r.triggers_of IS NULL AND v.version IS NOT NULL
             ORDER BY r.namespace, r.name LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
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


def switch(tx: Tx, namespace: str, pipeline: str, *, enabled: bool, recipe: bool, by: str, reason: str | None = None) -> None:
    """Takes effect with the next `sync`."""
    tx.execute(
        """
        INSERT INTO switches (namespace, pipeline, enabled, recipe_enabled, by, reason)
        VALUES (%(ns)s, %(p)s, %(enabled)s, %(recipe)s, %(by)s, %(reason)s)
        ON CONFLICT (namespace, pipeline)
        DO UPDATE SET enabled = excluded.enabled, recipe_enabled = excluded.recipe_enabled, by = excluded.by, reason = excluded.reason,
                      at = now()
        """,
        {"ns": namespace, "p": pipeline, "enabled": enabled, "recipe": recipe, "by": by, "reason": reason},
    )


def in_force(tx: Tx, namespace: str, pipeline: str) -> int | None:
    """The version whose triggers these are, the newest valid one; None: it has none. Call it under the resource's row."""
    row = tx.execute(
        """
        SELECT coalesce(r.triggers_of, (SELECT max(version) FROM resource_versions v WHERE v.uid = r.uid AND v.valid)) AS version
          FROM resources r WHERE r.kind = 'Pipeline' AND r.namespace = %(ns)s AND r.name = %(p)s AND r.deleted_at IS NULL
        """,
        {"ns": namespace, "p": pipeline},
    ).fetchone()
    return (row["version"] or None) if row is not None else None


def said(tx: Tx, pipelines: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Of those by namespace and name: `enabled`, whether it starts by itself, None where no version is in force; and, where a person has
    said so beside the recipe, {by, at, reason} as `switched`, else None.
    """
    rows = tx.execute(
        """
        SELECT r.namespace, r.name, r.enabled, s.by, s.at, s.reason
          FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS of (namespace, name)
          JOIN resources r ON r.kind = 'Pipeline' AND r.namespace = of.namespace AND r.name = of.name
          LEFT JOIN switches s ON s.namespace = r.namespace AND s.pipeline = r.name AND s.enabled = r.enabled
        """,
        {"namespaces": [namespace for namespace, _ in pipelines], "names": [name for _, name in pipelines]},
    )
    return {
        (row["namespace"], row["name"]): {
            "enabled": row["enabled"],
            "switched": {"by": row["by"], "at": row["at"], "reason": row["reason"]} if row["by"] is not None else None,
        }
        for row in rows
    }


_TRIGGERS = """
    SELECT id::text AS id, namespace, pipeline, name, type, config, version, active, handled_to, look_at, state FROM triggers
"""


def due(tx: Tx, types: Sequence[str], limit: int) -> list[Trigger]:
    """Active ones of these types whose time has come, who waited longest first, locked; those that somebody holds are passed over."""
    rows = tx.execute(
        _TRIGGERS + " WHERE active AND type = ANY(%(types)s) AND look_at <= now() ORDER BY look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
        {"types": list(types), "limit": limit},
    )
    return [Trigger(**row) for row in rows]


def hold(tx: Tx, namespace: str, pipeline: str, name: str) -> Trigger | None:
    """Takes its row, waiting for whoever holds it; inactive ones too."""
    row = tx.execute(
        _TRIGGERS + " WHERE namespace = %(ns)s AND pipeline = %(p)s AND name = %(name)s FOR UPDATE",
        {"ns": namespace, "p": pipeline, "name": name},
    ).fetchone()
    return Trigger(**row) if row else None


def after(tx: Tx, namespace: str, pipeline: str) -> list[Trigger]:
    """Active ones of type pipeline that the end of a run of this one fires."""
    rows = tx.execute(
        _TRIGGERS
        + """
         WHERE active AND type = 'pipeline' AND %(of)s =
               (CASE WHEN strpos(config ->> 'pipeline', '/') > 0 THEN config ->> 'pipeline'
                     ELSE namespace || '/' || (config ->> 'pipeline') END)
         ORDER BY namespace, pipeline, name
        """,
        {"of": f"{namespace}/{pipeline}"},
    )
    return [Trigger(**row) for row in rows]


def take(tx: Tx, ids: Collection[str]) -> list[Trigger]:
    """Their rows, locked; those that somebody holds are passed over. Inactive ones too."""
    rows = tx.execute(_TRIGGERS + " WHERE id = ANY(%(ids)s::uuid[]) ORDER BY triggers.id FOR UPDATE SKIP LOCKED", {"ids": list(ids)})
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
    looked_all(tx, [Looked(trigger.id, look_at, handled_to, state, problem)])


def troubled(tx: Tx, trigger: Trigger, problem: Mapping[str, Any] | None) -> None:
    """What stands in the way of one that fires when something comes in; None: nothing does."""
    tx.execute(
        "UPDATE triggers SET problem = %(problem)s WHERE id = %(id)s AND problem IS DISTINCT FROM %(problem)s",
        {"id": trigger.id, "problem": Jsonb(dict(problem)) if problem is not None else None},
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a trigger came to, as `looked` takes it."""

    trigger: str
    look_at: datetime | None
    handled_to: datetime | None = None
    state: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None


def looked_all(tx: Tx, looks: Sequence[Looked]) -> None:
    """Many looks at once."""
    tx.execute(
        """
        UPDATE triggers t SET look_at = n.look_at, handled_to = coalesce(n.handled_to, t.handled_to), state = coalesce(n.state, t.state),
               problem = n.problem
          FROM unnest(%(ids)s::uuid[], %(look_at)s::timestamptz[], %(handled_to)s::timestamptz[], %(state)s::jsonb[], %(problem)s::jsonb[])
               AS n (id, look_at, handled_to, state, problem)
         WHERE t.id = n.id
        """,
        {
            "ids": [one.trigger for one in looks],
            "look_at": [one.look_at for one in looks],
            "handled_to": [one.handled_to for one in looks],
            "state": [Jsonb(dict(one.state)) if one.state is not None else None for one in looks],
            "problem": [Jsonb(dict(one.problem)) if one.problem is not None else None for one in looks],
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


def record(tx: Tx, firings: Sequence[Firing]) -> set[tuple[str, str]]:
    """As `fired` does it, many at once. (trigger, key) of those that are new."""
    rows = tx.execute(
        """
        INSERT INTO firings (trigger_id, key, run_id, outcome, detail)
        SELECT * FROM unnest(%(triggers)s::uuid[], %(keys)s::text[], %(runs)s::uuid[], %(outcomes)s::text[], %(details)s::jsonb[])
        ON CONFLICT DO NOTHING RETURNING trigger_id::text AS trigger, key
        """,
        {
            "triggers": [one.trigger for one in firings],
            "keys": [one.key for one in firings],
            "runs": [one.run for one in firings],
            "outcomes": [one.outcome for one in firings],
            "details": [Jsonb(dict(one.detail)) for one in firings],
        },
    )
    return {(row["trigger"], row["key"]) for row in rows}


def behind(tx: Tx, trigger: Trigger, limit: int) -> list[str]:
    """Keys of those that wait for their turn, the oldest first."""
    rows = tx.execute(
        "SELECT key FROM firings WHERE trigger_id = %(id)s AND outcome = 'behind' ORDER BY key LIMIT %(limit)s",
        {"id": trigger.id, "limit": limit},
    )
    return [row["key"] for row in rows]


def caught_up(tx: Tx, trigger: Trigger, runs: Mapping[str, str]) -> None:
    """Keys of those whose turn it is, each with the run that it starts."""
    tx.execute(
        """
        UPDATE firings f SET outcome = 'run', run_id = new.run FROM unnest(%(keys)s::text[], %(runs)s::uuid[]) AS new (key, run)
         WHERE f.trigger_id = %(id)s AND f.key = new.key
        """,
        {"id": trigger.id, "keys": list(runs), "runs": list(runs.values())},
    )


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


_PRUNED_AT_ONCE = 20_000


def prune(tx: Tx, older_than: timedelta) -> bool:
    """Forgets what schedules, ends of runs and dependencies have started so long ago. True where there may be more.

    What other types have seen they may see again, and must know.
    """
    gone = tx.execute(
        """
        DELETE FROM firings WHERE ctid = ANY(ARRAY(
            SELECT f.ctid FROM firings f JOIN triggers t ON t.id = f.trigger_id
             WHERE f.at < clock_timestamp() - %(age)s AND t.type IN ('schedule', 'pipeline', 'dependency') AND f.outcome <> 'behind'
             LIMIT %(limit)s))
        """,
        {"age": older_than, "limit": _PRUNED_AT_ONCE},
    )
    return gone.rowcount == _PRUNED_AT_ONCE
