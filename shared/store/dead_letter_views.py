"""Dead letters as people look for them: which ones a choice means, in pages, one by one, in bulk, and by the node they are replayed
through. Reads only; rows of attempts that did not complete are in none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.formats import exact_json
from shared.store.database import Tx

_JOINED = """
      JOIN stages s ON s.run_id = d.run_id AND s.stage = d.stage AND s.epoch = d.epoch AND s.status = 'COMPLETED'
      JOIN runs r ON r.id = d.run_id
"""
_FROM = f"FROM dead_letters d {_JOINED}"
_LETTER = """
    SELECT d.id::text AS id, d.run_id::text AS run, r.namespace, r.pipeline, d.node, d.kind, d.rule,
           d.original_record::text AS original_record, d.record::text AS record, d.stage,
           d.error_message, d.position, d.retry_count, d.state, d.replay_run::text AS replay_run,
           (SELECT h.status FROM runs h WHERE h.id = d.replay_run) AS holder_status, d.at, d.changed_at, d.changed_by
"""
_ORDER = "d.run_id, d.stage, d.node, coalesce(d.position, 0), d.id"
# Of letters, and of their runs, by what is said of them.
_OF_LETTERS = {
    "run": "d.run_id = %(run)s",
    "node": "d.node = %(node)s",
    "ids": "d.id = ANY(%(ids)s::uuid[])",
    "rule": "d.rule = %(rule)s",
    "kind": "d.kind = %(kind)s",
    "state": "d.state = %(state)s",
    "contains": "strpos(lower(d.error_message), lower(%(contains)s)) > 0",
}
_OF_RUNS = {
    "namespace": "r.namespace = %(namespace)s",
    "pipeline": "r.pipeline = %(pipeline)s",
    "visible": "r.namespace = ANY(%(visible)s)",
}
# No index has the words of an error: so many letters are looked through at once for a text, in their order.
LOOKED_THROUGH = 5_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant: those for which all that is said holds. `contains`: part of the error, in any case.

    `visible`: only of these namespaces, whatever else is said; None: of all.
    """

    run: str | None = None
    node: str | None = None
    ids: tuple[str, ...] | None = None
    rule: str | None = None
    kind: str | None = None
    state: str | None = None
    contains: str | None = None
    namespace: str | None = None
    pipeline: str | None = None
    visible: tuple[str, ...] | None = None

    def where(self) -> str:
        """From where, and which, with `values`."""
        return f"{_FROM} WHERE {self._conditions(_OF_LETTERS | _OF_RUNS)}"

    def counted_by_run(self) -> str:
        """A table expression `d`: how many `letters` of each kind every run has, with `values`."""
        of_runs = self._conditions(_OF_RUNS)
        return f"""
            SELECT d.run_id, d.stage, d.epoch, d.node, d.kind, d.rule, d.state, count(*) AS letters FROM dead_letters d
             WHERE {self._conditions(_OF_LETTERS)} AND ({of_runs == "true"} OR d.run_id IN (SELECT r.id FROM runs r WHERE {of_runs}))
             GROUP BY 1, 2, 3, 4, 5, 6, 7
        """  # noqa: S608 (our own text)

    def _conditions(self, among: Mapping[str, str]) -> str:
        # Only what is asked for stands in the statement, so that it is planned for just that.
        said = self.values()
        texts = [text for name, text in among.items() if said[name] is not None]
        if among is not _OF_RUNS and self.state not in (None, "open"):
            # Word for word as their index has it, which a value that is given beside the statement does not tell.
            texts.append("d.state <> 'open'")
        return " AND ".join(texts) or "true"

    def values(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "node": self.node,
            "ids": list(self.ids) if self.ids is not None else None,
            "rule": self.rule,
            "kind": self.kind,
            "state": self.state,
            "contains": self.contains,
            "namespace": self.namespace,
            "pipeline": self.pipeline,
            "visible": list(self.visible) if self.visible is not None else None,
        }


# Backwards through the index of that order. Of one run as they stand in its files.
_NEWEST_FIRST = ", ".join(f"{key} DESC" for key in ("d.run_id", "d.stage", "d.node", "coalesce(d.position, 0)", "d.id"))

# What `page` goes on after: run, stage, node, position (0: none) and id of a letter, whether it is still there or not.
Place = tuple[str, int, str, int, str]


def page(tx: Tx, choice: Choice, after: Place | None, limit: int) -> tuple[list[dict[str, Any]], Place | None]:
    """Those of the newest run first, the last lines of a file before the others; of one run, those of a file in its order. Numbers in
    records are Decimal. `after`: where the page before ended. And where this one ends, None where there are no more; with `contains` a page
    may have fewer rows than there are, or none, and still go on.
    """
    order, beyond, up_to = (_ORDER, ">", "<=") if choice.run is not None else (_NEWEST_FIRST, "<", ">=")
    values = {**choice.values(), **_placed("after", after), "limit": limit + 1}
    behind = f" AND ({_ORDER}) {beyond} {_PLACE.format('after')}" if after is not None else ""
    upto = None
    if choice.contains is not None:
        anything = replace(choice, contains=None)
        last = tx.execute(
            f"""
            SELECT d.run_id::text AS run, d.stage, d.node, d.position, d.id::text AS id {anything.where()} {behind}
             ORDER BY {order} OFFSET %(looked)s LIMIT 1
            """,
            {**values, "looked": LOOKED_THROUGH - 1},
        ).fetchone()
        if last is not None:
            upto = place(last)
            values |= _placed("upto", upto)
            behind += f" AND ({_ORDER}) {up_to} {_PLACE.format('upto')}"
    rows = [_exact(row) for row in tx.execute(f"{_LETTER} {choice.where()} {behind} ORDER BY {order} LIMIT %(limit)s", values)]
    return rows[:limit], place(rows[limit - 1]) if len(rows) > limit else upto


_PLACE = "(%({0}_run)s::uuid, %({0}_stage)s::integer, %({0}_node)s::text, %({0}_position)s::bigint, %({0}_id)s::uuid)"


def _placed(name: str, place: Place | None) -> dict[str, Any]:
    return {f"{name}_{key}": value for key, value in zip(("run", "stage", "node", "position", "id"), place or (), strict=bool(place))}


def place(row: Mapping[str, Any]) -> Place:
    return row["run"], row["stage"], row["node"], row["position"] or 0, row["id"]


def _exact(row: dict[str, Any]) -> dict[str, Any]:
    return row | {key: exact_json.loads(row[key]) for key in ("original_record", "record") if row[key] is not None}


def one(tx: Tx, letter: str, *, lock: bool = False) -> dict[str, Any] | None:
    """With Decimals in its records. `lock`: until the transaction ends nobody else changes it."""
    row = f"{_LETTER} {_FROM} WHERE d.id = %(id)s"
    found = tx.execute(f"{row} FOR UPDATE OF d" if lock else row, {"id": letter}).fetchone()
    return _exact(found) if found is not None else None


def every(tx: Tx, choice: Choice) -> Iterator[dict[str, Any]]:
    """All, the oldest run first and those of a file in its order, a few thousand at a time; records as JSON text, with all digits."""
    with tx.cursor(name="penstock_dead_letters") as cursor:
        cursor.itersize = 2_000
        cursor.execute(f"{_LETTER} {choice.where()} ORDER BY {_ORDER}", choice.values())
        yield from cursor


def counted(tx: Tx, choice: Choice) -> list[dict[str, Any]]:
    """{namespace, pipeline, node, kind, rule, state, letters}: where they are, most first."""
    # In each run first: there are fewer runs and stages to look up than letters.
    return list(
        tx.execute(
            f"""
            WITH d AS MATERIALIZED ({choice.counted_by_run()})
            SELECT r.namespace, r.pipeline, d.node, d.kind, d.rule, d.state, sum(d.letters)::bigint AS letters FROM d {_JOINED}
             GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC, 1, 2, 3, 4, 5, 6 LIMIT 500
            """,  # noqa: S608 (our own text)
            choice.values(),
        )
    )


def to_replay(tx: Tx, choice: Choice, most: int) -> list[dict[str, Any]]:
    """What would be replayed, by run and node: {run, node, lines, kind, letters, held, retry_count, namespace, pipeline, resource_uid,
    version, parameters, run_values, logical_date}. `held`: those that another replay has, and that run's id as `holder`. At most so many.
    """
    return list(
        tx.execute(
            f"""
            SELECT d.run_id::text AS run, d.node, d.kind = 'line' AS lines, min(d.kind) AS kind, count(*) AS letters,
                   count(*) FILTER (WHERE d.replay_run IS NOT NULL) AS held, min(d.replay_run::text) AS holder,
                   max(d.retry_count) AS retry_count, r.namespace, r.pipeline, r.resource_uid::text AS resource_uid, r.version,
                   r.parameters, r.run_values, r.logical_date, r.data_interval_start
              {choice.where()} AND d.state IN ('open', 'fixed')
             GROUP BY d.run_id, d.node, d.kind = 'line', r.id ORDER BY d.run_id, d.node LIMIT %(most)s
            """,
            {**choice.values(), "most": most},
        )
    )


# What a replay reads, by the name of the file it becomes (`shared.pipelines.replay`).
_ENTERING = {
    "records": "coalesce(d.record, d.original_record)::text",
    "texts": "coalesce(coalesce(d.record, d.original_record) ->> 'line', coalesce(d.record, d.original_record) ->> 'record')",
}


# Of a run: what it replays. What was waived after it had failed is no longer its own.
_OF_REPLAY = f"FROM dead_letters d WHERE d.replay_run = %(run)s AND d.state <> 'waived' ORDER BY {_ORDER}"


def entering(tx: Tx, run: str, what: str) -> Iterator[str]:
    """What the run replays, letter by letter, as somebody corrected it. `what`: records, as JSON, or texts of lines."""
    with tx.cursor(name="penstock_replayed") as cursor:
        cursor.itersize = 5_000
        cursor.execute(f"SELECT {_ENTERING[what]} AS said {_OF_REPLAY}", {"run": run})
        for row in cursor:
            yield row["said"] or ""


def held_texts(tx: Tx, run: str) -> Iterator[tuple[str, str]]:
    """Id and text of each line that the run has to replay, as somebody corrected it."""
    with tx.cursor(name="penstock_held_texts") as cursor:
        cursor.itersize = 5_000
        cursor.execute(f"SELECT d.id::text AS id, {_ENTERING['texts']} AS said {_OF_REPLAY}", {"run": run})
        for row in cursor:
            yield row["id"], row["said"] or ""


def rejected_by(tx: Tx, run: str, nodes: Sequence[str]) -> str | None:
    """The first of those nodes that rejected rows which nobody has waived, in the run, or in one that it replays letters of."""
    row = tx.execute(
        """
        WITH RECURSIVE before (id) AS (
            SELECT %(run)s::uuid
            UNION SELECT (r.trigger ->> 'of')::uuid FROM before b JOIN runs r ON r.id = b.id WHERE r.trigger ->> 'type' = 'replay'
        )
        SELECT d.node FROM dead_letters d JOIN stages s ON s.run_id = d.run_id AND s.stage = d.stage AND s.epoch = d.epoch
         WHERE d.run_id IN (SELECT id FROM before) AND d.node = ANY(%(nodes)s) AND d.state <> 'waived' AND s.status = 'COMPLETED'
         ORDER BY d.node LIMIT 1
        """,
        {"run": run, "nodes": list(nodes)},
    ).fetchone()
    return str(row["node"]) if row else None


def to_enter(tx: Tx, run: str) -> int | None:
    """How many letters a replay was given when it was made; None for a run that replays nothing."""
    row = tx.execute("SELECT (trigger ->> 'letters')::bigint AS letters FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    return row["letters"] if row else None


def programs(tx: Tx, run: str, node: str) -> Sequence[dict[str, Any]]:
    """What the stages of a run that the node was in do."""
    rows = tx.execute(
        """
        SELECT p.program FROM stages s JOIN programs p ON p.run_id = s.run_id AND p.stage = s.stage
         WHERE s.run_id = %(run)s AND s.kind = 'work' AND %(node)s = ANY(s.nodes) ORDER BY s.stage DESC
        """,
        {"run": run, "node": node},
    )
    return [row["program"] for row in rows]
