"""Rejected rows, one by one, kept until somebody has looked at them.

Rows are written before the transaction that completes their stage, since they may be many. They carry stage and epoch, and count only once
that epoch of the stage is COMPLETED: a reader joins `stages` on (run_id, stage, epoch) and status.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.store.database import Tx


def insert(tx: Tx, run: str, stage: int, epoch: int, rejects: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    """Writes all rejects of one attempt, instead of any that it or an earlier attempt at the stage wrote before; returns how many.

    `rejects`: (node, blocks) with blocks of CSV as COPY reads it: original_record (JSON text), error_message, position (empty: none),
    every text quoted.
    """
    tx.execute(
        "DELETE FROM dead_letters WHERE run_id = %(run)s AND stage = %(stage)s AND epoch <= %(epoch)s",
        {"run": run, "stage": stage, "epoch": epoch},
    )
    # COPY fills the few columns that differ; the server adds those that are the same for all rows.
    tx.execute("CREATE TEMP TABLE rejected (n bigserial, original_record text, error_message text, position bigint) ON COMMIT DROP")
    written = 0
    for node, blocks in rejects:
        tx.execute("TRUNCATE rejected")
        with tx.cursor() as cursor, cursor.copy("COPY rejected (original_record, error_message, position) FROM STDIN (FORMAT csv)") as copy:
            for block in blocks:
                copy.write(block)
        written += tx.execute(
            r"""
            INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, position)
            SELECT %(run)s, gen_random_uuid(), %(stage)s, %(epoch)s, %(node)s,
                   -- jsonb has no NUL. An even number of backslashes before it is text that only looks like one.
                   CASE WHEN original_record LIKE '%%\\u0000%%'
                        THEN regexp_replace(original_record, '(?<!\\)((?:\\\\)*)\\u0000', '\1' || chr(65533), 'g')
                        ELSE original_record END::jsonb,
                   error_message, position
              FROM rejected ORDER BY n
            """,
            {"run": run, "stage": stage, "epoch": epoch, "node": node},
        ).rowcount
    return written
