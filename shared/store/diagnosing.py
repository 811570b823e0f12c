"""What a diagnosis asks of the store. Reads only; each statement is bounded, and goes by an index of the run or of its pipeline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from shared.store.database import Tx

MOST_EARLIER = 200
MOST_LETTERS = 1_000


def earlier(tx: Tx, run: str, namespace: str, pipeline: str) -> list[dict[str, Any]]:
    """Runs of the pipeline before that one, the newest first, at most so many: {id, version, status, finished_at, duration_s, error}."""
    return list(
        tx.execute(
            """
            SELECT id::text AS id, version, status, finished_at, extract(epoch FROM finished_at - started_at)::float8 AS duration_s, error
              FROM runs WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND id < %(run)s::uuid
             ORDER BY runs.id DESC LIMIT %(most)s
            """,
            {"run": run, "namespace": namespace, "pipeline": pipeline, "most": MOST_EARLIER},
        )
    )


def letters(tx: Tx, run: str) -> list[dict[str, Any]]:
    """Rejected rows of a run by node, most first, of the first so many that it has: {run, node, kind, rule, letters, more,
    error_message, original_record, record}, the last three of the first of them. `more`: there may be others that were not looked at.
    """
    return list(
        tx.execute(
            """
            WITH taken AS MATERIALIZED (
                SELECT node, kind, rule, error_message, original_record, record, id FROM dead_letters
                 WHERE run_id = %(run)s ORDER BY id LIMIT %(most)s
            ), firsts AS (
                SELECT DISTINCT ON (node, kind) node, kind, rule, error_message, original_record, record FROM taken ORDER BY node, kind, id
            )
            SELECT %(run)s::text AS run, f.*, c.letters, (SELECT count(*) FROM taken) = %(most)s AS more FROM firsts f
              JOIN (SELECT node, kind, count(*)::integer AS letters FROM taken GROUP BY node, kind) c USING (node, kind)
             ORDER BY c.letters DESC, f.node, f.kind
            """,
            {"run": run, "most": MOST_LETTERS},
        )
    )


def dataset_versions(tx: Tx, named: Collection[tuple[str, str]], well_at: datetime | None) -> list[dict[str, Any]]:
    """Of Datasets by namespace and name: {namespace, name, version, saved_at, before}. `before`: the version that was the newest when the
    pipeline last ended well, or, where it never did, the one before this; None where that is this one, or there is none.
    """
    return list(
        tx.execute(
            """
            SELECT r.namespace, r.name, v.version, v.created_at AS saved_at,
                   (SELECT max(o.version) FROM resource_versions o
                     WHERE o.uid = r.uid AND o.version < r.current_version
                       AND (%(well)s::timestamptz IS NULL OR v.created_at > %(well)s AND o.created_at <= %(well)s)) AS before
              FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS wanted (namespace, name)
              JOIN resources r ON r.kind = 'Dataset' AND r.namespace = wanted.namespace AND r.name = wanted.name AND r.deleted_at IS NULL
              JOIN resource_versions v ON v.uid = r.uid AND v.version = r.current_version
            """,
            {"namespaces": [namespace for namespace, _ in named], "names": [name for _, name in named], "well": well_at},
        )
    )


def run_values(tx: Tx, run: str) -> dict[str, Any] | None:
    """As they are kept with the run; None for a recipe without parameters and templates."""
    row = tx.execute("SELECT run_values FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    return row["run_values"] if row is not None else None


def now(tx: Tx) -> datetime:
    row = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found
