"""How runs have ended, counted by pipeline and status, and each pipeline's newest quality score: what metrics are made of.

Written by the scheduler when it draws the conclusions from an end, so once for each end, by one process at a time.
"""

from __future__ import annotations

from typing import Any

from shared.store.database import Tx
from shared.store.endings import Ending


def add(tx: Tx, ending: Ending, rows: dict[str, int | None]) -> None:
    """`rows`: read, written and rejected; None adds nothing."""
    tx.execute(
        """
        INSERT INTO run_totals AS t (namespace, pipeline, status, runs, timed, seconds, rows_read, rows_written, rows_rejected)
        SELECT %(namespace)s, %(pipeline)s, %(status)s, 1, count(r.started_at),
               -- It may have been asked for again by now, and have begun after this end.
               greatest(coalesce(max(extract(epoch FROM %(at)s - r.started_at)), 0), 0), %(read)s, %(written)s, %(rejected)s
          FROM runs r WHERE r.id = %(run)s
        ON CONFLICT (namespace, pipeline, status) DO UPDATE SET
            runs = t.runs + 1, timed = t.timed + excluded.timed, seconds = t.seconds + excluded.seconds,
            rows_read = t.rows_read + excluded.rows_read, rows_written = t.rows_written + excluded.rows_written,
            rows_rejected = t.rows_rejected + excluded.rows_rejected
        """,
        {
            "namespace": ending.namespace,
            "pipeline": ending.pipeline,
            "status": ending.status,
            "at": ending.at,
            "run": ending.run,
            **{key: rows[key] or 0 for key in ("read", "written", "rejected")},
        },
    )


def scored(tx: Tx, ending: Ending, budget: float | None) -> None:
    """Keeps the run's lowest score, unless it has none or a newer run is known. `budget`: the least that is left of its error budgets."""
    tx.execute(
        """
        INSERT INTO pipeline_scores AS p (namespace, pipeline, run_id, score, budget)
        SELECT %(namespace)s, %(pipeline)s, %(run)s, min(score)::float8, %(budget)s FROM quality_scores
         WHERE run_id = %(run)s AND score IS NOT NULL HAVING count(*) > 0
        ON CONFLICT (namespace, pipeline) DO UPDATE SET run_id = excluded.run_id, score = excluded.score, budget = excluded.budget
         WHERE p.run_id <= excluded.run_id
        """,
        {"namespace": ending.namespace, "pipeline": ending.pipeline, "run": ending.run, "budget": budget},
    )


def counted(tx: Tx, most: int) -> list[dict[str, Any]]:
    """Totals by pipeline and status. Pipelines beyond the first `most`, by namespace and name, are one row each status, without a name."""
    return list(
        tx.execute(
            """
            WITH shown AS (SELECT DISTINCT namespace, pipeline FROM run_totals ORDER BY namespace, pipeline LIMIT %(most)s)
            SELECT s.namespace, s.pipeline, t.status, sum(t.runs)::bigint AS runs, sum(t.timed)::bigint AS timed, sum(t.seconds) AS seconds,
                   sum(t.rows_read)::bigint AS read, sum(t.rows_written)::bigint AS written, sum(t.rows_rejected)::bigint AS rejected
              FROM run_totals t LEFT JOIN shown s USING (namespace, pipeline)
             GROUP BY s.namespace, s.pipeline, t.status ORDER BY s.namespace, s.pipeline, t.status
            """,
            {"most": most},
        )
    )


def scores(tx: Tx, most: int) -> list[dict[str, Any]]:
    """{namespace, pipeline, score, budget} of pipelines that are there, by name, at most so many."""
    return list(
        tx.execute(
            """
            SELECT p.namespace, p.pipeline, p.score, p.budget FROM pipeline_scores p
              JOIN resources r ON r.kind = 'Pipeline' AND r.namespace = p.namespace AND r.name = p.pipeline AND r.deleted_at IS NULL
             ORDER BY p.namespace, p.pipeline LIMIT %(most)s
            """,
            {"most": most},
        )
    )
