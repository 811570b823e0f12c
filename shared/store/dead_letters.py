"""Rejected rows, one by one, kept until somebody has looked at them: written, corrected, waived, and handed to the run that replays them.

Rows are written before the transaction that completes their stage, since they may be many. They carry stage and epoch, and count only once
that epoch of the stage is COMPLETED: a reader joins `stages` on (run_id, stage, epoch) and status (`dead_letter_views`).

open ─▶ fixed ─▶ replayed; open or fixed ─▶ waived ─▶ open. What a run holds to replay it nobody changes until that run has ended. Where
it ended without success and may have written the rows, they stay with it: people waive and delete them all the same, and correct or replay
them where they say that duplicates are allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.formats import exact_json
from shared.store.database import Tx
from shared.store.dead_letter_views import Choice

# From which states a person may move a letter, by where to.
STEPS: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "fixed", "waived"),
    "fixed": ("open", "fixed", "waived"),
    "waived": ("open", "fixed", "waived"),
}

# Whoever holds a letter will not replay it unless a person retries that run.
_GIVEN_UP = "replay_run IN (SELECT id FROM runs WHERE status IN ('FAILED', 'CANCELLED', 'TIMED_OUT'))"
# Errors of an attempt that are raised before its sinks commit: nothing of it is in any destination.
_WROTE_NOTHING = ("too_many_rejects", "letters_misread", "letters_lost")
# Stands for NUL, which jsonb has not: a character that no text has, so that nobody takes a text for one that held it.
NUL = "\U0010fffe"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows that one node rejected. `blocks`: CSV as COPY reads it, with every text quoted: original_record (JSON text), error_message,
    position and rule (empty: none). `rules`: names of the node's rules, with which its errors begin.
    """

    node: str
    kind: str
    blocks: Iterable[bytes]
    rules: tuple[str, ...] = ()


def insert(tx: Tx, run: str, stage: int, epoch: int, rejects: Iterable[Rejected]) -> int:
    """Writes all rejects of one attempt, instead of any that it or an earlier attempt at the stage wrote before; returns how many.

    Of a replay, only those of nodes that its letters come to.
    """
    tx.execute(
        "DELETE FROM dead_letters WHERE run_id = %(run)s AND stage = %(stage)s AND epoch <= %(epoch)s",
        {"run": run, "stage": stage, "epoch": epoch},
    )
    # COPY fills the few columns that differ; the server adds those that are the same for all rows.
    tx.execute(
        "CREATE TEMP TABLE rejected (n bigserial, original_record text, error_message text, position bigint, rule text) ON COMMIT DROP"
    )
    written, through = 0, _through(tx, run)
    for found in rejects:
        if through is not None and found.node not in through:
            # A node that is only read beside the letters rejects what it rejected before; those rows have their letters.
            continue
        tx.execute("TRUNCATE rejected")
        columns = "original_record, error_message, position, rule"
        with tx.cursor() as cursor, cursor.copy(f"COPY rejected ({columns}) FROM STDIN (FORMAT csv)") as copy:
            for block in found.blocks:
                copy.write(block)
        written += tx.execute(
            r"""
            INSERT INTO dead_letters (run_id, id, stage, epoch, node, kind, original_record, error_message, position, rule, retry_count)
            SELECT %(run)s::uuid, gen_random_uuid(), %(stage)s, %(epoch)s, %(node)s, %(kind)s,
                   -- jsonb has no NUL. An even number of backslashes before it is text that only looks like one.
                   CASE WHEN original_record LIKE '%%\\u0000%%'
                        THEN regexp_replace(original_record, '(?<!\\)((?:\\\\)*)\\u0000', '\1' || %(nul)s::text, 'g')
                        ELSE original_record END::jsonb,
                   error_message, position,
                   CASE WHEN %(rules)s::text[] = '{}' THEN rule
                        ELSE (SELECT r FROM unnest(%(rules)s::text[]) AS r
                               WHERE starts_with(error_message, r || ': ') OR starts_with(error_message, 'rule ' || r || ': ')
                               ORDER BY length(r) DESC LIMIT 1) END,
                   -- What a replay rejects has been tried once more than what it replayed.
                   coalesce((SELECT (trigger ->> 'retryCount')::integer FROM runs WHERE id = %(run)s::uuid), 0)
              FROM rejected ORDER BY n
            """,
            {"run": run, "stage": stage, "epoch": epoch, "node": found.node, "kind": found.kind, "rules": list(found.rules), "nul": NUL},
        ).rowcount
    return written


def _through(tx: Tx, run: str) -> list[str] | None:
    """Nodes that a replay's letters come to; None for another run, and for a replay that an older release made."""
    row = tx.execute("SELECT trigger -> 'through' AS nodes FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    return row["nodes"] if row else None


def charge_replayed(tx: Tx, run: str, stage: int, epoch: int, entered_by: str) -> None:
    """Letters of a replay that did not even fit the columns they came with, charged as they were before: to the node they are replayed
    through, as the record they are; lines with their own file and place.

    `entered_by`: the node that stands for where they came from. Only for a run that replays.
    """
    tx.execute(
        """
        WITH replay AS (SELECT trigger FROM runs WHERE id = %(run)s),
        held AS (
            SELECT DISTINCT ON (text) coalesce(h.record, h.original_record) - 'file' AS said, h.original_record ->> 'file' AS file,
                   h.position,
                   coalesce(coalesce(h.record, h.original_record) ->> 'line', coalesce(h.record, h.original_record) ->> 'record') AS text
              FROM dead_letters h WHERE h.replay_run = %(run)s AND h.kind = 'line'
        )
        UPDATE dead_letters d
           SET node = r.trigger ->> 'node', kind = r.trigger ->> 'kind',
               original_record = CASE WHEN r.trigger ->> 'kind' <> 'line' THEN (d.original_record ->> 'line')::jsonb
                                      WHEN o.text IS NULL THEN d.original_record
                                      ELSE jsonb_build_object('file', o.file) || o.said END,
               position = CASE WHEN r.trigger ->> 'kind' = 'line' THEN o.position END
          FROM replay r, dead_letters e LEFT JOIN held o ON o.text = coalesce(e.original_record ->> 'line', e.original_record ->> 'record')
         WHERE d.run_id = %(run)s AND d.stage = %(stage)s AND d.epoch = %(epoch)s AND d.node = %(entered_by)s AND d.kind = 'line'
           AND e.run_id = d.run_id AND e.id = d.id
        """,
        {"run": run, "stage": stage, "epoch": epoch, "entered_by": entered_by},
    )


def change(tx: Tx, letter: str, *, record: Any | None, state: str, by: str, again: bool = False) -> bool:
    """Corrects or moves one; False where it is not in a state that allows it, or a run holds it. `record`: the columns that change.

    `again`: also one that an earlier replay holds which ended without success, and may have written it; nobody holds it then.
    """
    done = tx.execute(
        f"""
        UPDATE dead_letters
           SET state = %(state)s::text, record = CASE WHEN %(state)s::text = 'open' THEN NULL WHEN %(record)s::jsonb IS NULL THEN record
                                                 ELSE coalesce(record, original_record) || %(record)s::jsonb END,
               replay_run = CASE WHEN %(state)s::text = 'waived' THEN replay_run END,
               changed_at = clock_timestamp(), changed_by = %(by)s
         WHERE id = %(id)s AND state = ANY(%(from)s)
           AND (replay_run IS NULL OR (%(again)s OR %(state)s::text = 'waived') AND {_GIVEN_UP})
        """,  # noqa: S608 (our own text)
        {
            "id": letter,
            "record": Jsonb(record, dumps=exact_json.dumps) if record is not None else None,
            "state": state,
            "by": by,
            "from": list(STEPS[state]),
            "again": again,
        },
    )
    return done.rowcount > 0


def waive(tx: Tx, choice: Choice, by: str) -> int:
    """All that are open or fixed of those; returns how many."""
    return tx.execute(
        f"""
        UPDATE dead_letters SET state = 'waived', changed_at = clock_timestamp(), changed_by = %(by)s
         WHERE (run_id, id) IN (SELECT d.run_id, d.id {choice.where()}) AND state IN ('open', 'fixed')
           AND (replay_run IS NULL OR {_GIVEN_UP})
        """,  # noqa: S608 (our own text)
        {**choice.values(), "by": by},
    ).rowcount


def delete(tx: Tx, choice: Choice) -> int:
    """All of those but what a run holds; returns how many."""
    return tx.execute(
        f"""
        DELETE FROM dead_letters WHERE (run_id, id) IN (SELECT d.run_id, d.id {choice.where()})
           AND (replay_run IS NULL OR state = 'replayed' OR {_GIVEN_UP})
        """,  # noqa: S608 (our own text)
        choice.values(),
    ).rowcount


def hold(tx: Tx, choice: Choice, *, of: str, node: str, lines: bool, run: str, again: bool) -> int:
    """Gives the letters of a node that are to be replayed to the run that will do it; returns how many it got. Nobody else gets them
    while it has them.

    `again`: also those that an earlier replay holds which ended without success.
    """
    return tx.execute(
        f"""
        UPDATE dead_letters SET replay_run = %(by)s
         WHERE (run_id, id) IN (SELECT d.run_id, d.id {choice.where()})
           AND run_id = %(of)s AND node = %(through)s AND (kind = 'line') = %(lines)s AND state IN ('open', 'fixed')
           AND (replay_run IS NULL OR %(again)s AND {_GIVEN_UP})
        """,  # noqa: S608 (our own text)
        {**choice.values(), "of": of, "through": node, "lines": lines, "by": run, "again": again},
    ).rowcount


def held(tx: Tx, run: str) -> int:
    """How many letters a replay has, but for those that were waived since; nobody takes them from it until the transaction ends."""
    row = tx.execute(
        "SELECT count(*) AS letters FROM (SELECT FROM dead_letters WHERE replay_run = %(run)s AND state <> 'waived' FOR UPDATE) AS held",
        {"run": run},
    ).fetchone()
    return int(row["letters"]) if row else 0


def held_with_nul(tx: Tx, run: str) -> str | None:
    """The first of a replay's letters in which something else still stands for NUL; it would be written as that."""
    row = tx.execute(
        "SELECT id::text AS id FROM dead_letters WHERE replay_run = %(run)s"
        " AND strpos(coalesce(record, original_record)::text, %(nul)s) > 0 ORDER BY dead_letters.id LIMIT 1",
        {"run": run, "nul": NUL},
    ).fetchone()
    return row["id"] if row else None


def replay_ended(tx: Tx, run: str, *, succeeded: bool) -> None:
    """In the transaction that ends a replay. Success: its letters are replayed. Else they stay with it where it may have written them
    without a key that would merge them; a retry of that run finds its own marker. All others can be replayed anew, those among them whose
    every attempt gave up before its commit.
    """
    if succeeded:
        tx.execute(
            "UPDATE dead_letters SET state = 'replayed', changed_at = clock_timestamp(), changed_by = 'replay'"
            " WHERE replay_run = %(run)s AND state <> 'waived'",
            {"run": run},
        )
        return
    tx.execute(
        """
        UPDATE dead_letters SET replay_run = NULL
         WHERE replay_run = %(run)s AND state <> 'replayed' AND NOT EXISTS (
               SELECT FROM attempts a JOIN programs p ON p.run_id = a.run_id AND p.stage = a.stage
                           CROSS JOIN LATERAL jsonb_array_elements(p.program -> 'sinks') AS sink
                WHERE a.run_id = %(run)s AND sink ->> 'writeMode' <> 'UPSERT'
                  AND coalesce(a.error ->> 'code', '') <> ALL(%(nothing)s))
        """,
        {"run": run, "nothing": list(_WROTE_NOTHING)},
    )
