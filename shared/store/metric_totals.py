"""Counters and histograms for Prometheus, kept in the store: any API process can tell them, and none is lost with the process that counted.

Most are counted as the end of a run is concluded (`of_run`), by one process at a time; what has no run, where it happens (`add`). A label
has few values: what people name themselves (rules) is bounded where it is read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.store.database import Tx
from shared.store.endings import Ending

# Seconds; from a lookup to a load of hours. What lies beyond the last is in the count only. Bounds that change need a migration.
BOUNDS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
NODE, DELAY = "node_duration_seconds", "schedule_delay_seconds"
RETRIES, REJECTED = "retry", "rejected_rows"
LEASES, DUPLICATES = "lease_expired", "duplicate_delivery"


def add(tx: Tx, metric: str, count: int, label: str = "") -> None:
    """The row stays locked until the transaction ends: last in it, or in a short one."""
    tx.execute(
        """
        INSERT INTO metric_totals AS t (metric, label, count) VALUES (%(metric)s, %(label)s, %(count)s)
        ON CONFLICT (metric, label) DO UPDATE SET count = t.count + excluded.count
        """,
        {"metric": metric, "label": label, "count": count},
    )


def of_run(tx: Tx, ending: Ending) -> None:
    """What came to pass between this end of a run and the one before it, where it was asked for again: each thing counts once."""
    since = _end_before(tx, ending)
    values = {"run": ending.run, "since": since, "at": ending.at}
    _counted(
        tx, RETRIES,
        """
        -- What waited for a breaker has no attempt on record.
        SELECT 'breaker' AS label, count(DISTINCT (stage, epoch)) AS count FROM events
         WHERE run_id = %(run)s AND type = 'node.retry' AND data ->> 'reason' = 'breaker' AND at <= %(at)s
           AND (%(since)s::timestamptz IS NULL OR at > %(since)s) HAVING count(*) > 0
        UNION ALL
        SELECT CASE outcome WHEN 'LOST' THEN 'lost' ELSE coalesce(error ->> 'code', 'error') END, count(*) FROM attempts
         WHERE run_id = %(run)s AND (outcome IN ('RETRYING', 'LOST') OR error ->> 'code' = 'source_changed') AND finished_at <= %(at)s
           AND (%(since)s::timestamptz IS NULL OR finished_at > %(since)s) GROUP BY 1
        """,
        values,
    )  # fmt: skip
    _counted(
        tx, REJECTED,
        """
        SELECT coalesce(rule, kind) AS label, count(*) AS count FROM dead_letters
         WHERE run_id = %(run)s AND at <= %(at)s AND (%(since)s::timestamptz IS NULL OR at > %(since)s) GROUP BY 1
        """,
        values,
    )  # fmt: skip
    _timed(
        tx, NODE,
        """
        SELECT type AS label, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM nodes
         WHERE run_id = %(run)s AND status IN ('COMPLETED', 'FAILED') AND started_at IS NOT NULL AND finished_at <= %(at)s
           AND (%(since)s::timestamptz IS NULL OR finished_at > %(since)s)
        """,
        values,
    )  # fmt: skip
    if since is None:
        _timed(
            tx, DELAY,
            """
            SELECT '' AS label, extract(epoch FROM e.at - (r.trigger ->> 'fireAt')::timestamptz)::float8 AS seconds FROM runs r
              JOIN LATERAL (SELECT min(at) AS at FROM events WHERE run_id = r.id AND type = 'run.started') e ON e.at IS NOT NULL
             -- What was missed before is late by what it is.
             WHERE r.id = %(run)s AND r.trigger ->> 'type' = 'schedule' AND NOT r.trigger ? 'catchUp' AND r.trigger ? 'fireAt'
            """,
            values,
        )  # fmt: skip


def _end_before(tx: Tx, ending: Ending) -> datetime | None:
    row = tx.execute(
        # The event of this end was written a moment after the end itself.
        "SELECT max(at) AS at FROM events WHERE run_id = %(run)s AND type = 'run.finished' AND at < %(at)s",
        {"run": ending.run, "at": ending.at},
    ).fetchone()
    return row["at"] if row is not None else None


def _counted(tx: Tx, metric: str, found: str, values: dict[str, Any]) -> None:
    tx.execute(
        f"""
        INSERT INTO metric_totals AS t (metric, label, count) SELECT %(metric)s, label, count FROM ({found}) f ORDER BY label
        ON CONFLICT (metric, label) DO UPDATE SET count = t.count + excluded.count
        """,  # noqa: S608 (both parts are above)
        {**values, "metric": metric},
    )


def _timed(tx: Tx, metric: str, found: str, values: dict[str, Any]) -> None:
    """`found`: rows {label, seconds}; a clock that went back took no time."""
    tx.execute(
        f"""
        INSERT INTO metric_totals AS t (metric, label, count, sum, within)
        SELECT %(metric)s, label, count(*), sum(greatest(seconds, 0)),
               ARRAY(SELECT (SELECT count(*) FROM unnest(array_agg(f.seconds)) AS s (took) WHERE took <= bound)
                       FROM unnest(%(bounds)s::float8[]) WITH ORDINALITY AS b (bound, place) ORDER BY place)
          FROM ({found}) f GROUP BY label ORDER BY label
        ON CONFLICT (metric, label) DO UPDATE SET count = t.count + excluded.count, sum = t.sum + excluded.sum,
            within = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0)
                             FROM unnest(t.within, excluded.within) WITH ORDINALITY AS both_ (a, b, place) ORDER BY place)
        """,  # noqa: S608 (both parts are above)
        {**values, "metric": metric, "bounds": list(BOUNDS_S)},
    )


def counted(tx: Tx, most: int) -> list[dict[str, Any]]:
    """{metric, label, count, sum, within}. Labels of a metric beyond the first `most`, by name, are one row without a label."""
    return list(
        tx.execute(
            """
            WITH placed AS (SELECT *, row_number() OVER (PARTITION BY metric ORDER BY label) AS place FROM metric_totals)
            SELECT metric, label, count, sum, within FROM placed WHERE place <= %(most)s
            UNION ALL
            SELECT metric, '', sum(count)::bigint, sum(sum), '{}' FROM placed WHERE place > %(most)s GROUP BY metric
             ORDER BY metric, label
            """,
            {"most": most},
        )
    )
