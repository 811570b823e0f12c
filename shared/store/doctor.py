"""What must hold of the store whatever was killed, each with the statement that finds where it does not, and the remedy.

Each check is one statement and so sees one moment; what is only on its way at that moment has until `_LATE` before it counts as stuck.
Nothing is changed here. Runs that began before `since` are left out, unless they have not ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.runs.states import RUN_FINAL, STAGE_FINAL, NodeStatus, RunStatus, StageStatus
from shared.store.database import Tx
from shared.store.identifiers import least_id

# Many sweeps, leases and retries of a lost message.
_LATE = timedelta(seconds=90)
# Of what is off, so many are told.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """`sql` gives (run, detail) for each thing that is off; run is null where it is of no run."""

    name: str
    holds: str
    remedy: str
    sql: str


_BUG = "this is a bug in Penstock: report it with the run's events and plan"
_SWEEP = "a scheduler that leads puts this right within seconds: start one (`penstock up`), and read its log if one is there"

# Before every check's own statement: `of` are the runs that are looked at.
_OF = "WITH of AS (SELECT * FROM runs WHERE id >= %(since)s OR NOT status = ANY(%(run_final)s)) "

CHECKS: tuple[Check, ...] = (
    Check(
        "states",
        "every run, stage and node is in a state that there is",
        "a newer release may have written it: use that release; else " + _BUG,
        """
        SELECT id AS run, 'the run is ' || status AS detail FROM of WHERE NOT status = ANY(%(run_states)s)
        UNION ALL SELECT s.run_id, format('stage %%s is %%s', s.stage, s.status) FROM stages s JOIN of ON of.id = s.run_id
         WHERE NOT s.status = ANY(%(stage_states)s)
        UNION ALL SELECT n.run_id, format('node %%s is %%s', n.node, n.status) FROM nodes n JOIN of ON of.id = n.run_id
         WHERE NOT n.status = ANY(%(node_states)s)
        """,
    ),
    Check(
        "ends",
        "a run that has ended has a time for it, and nothing of it goes on",
        _BUG,
        """
        SELECT id AS run, format('%%s, finished at %%s', status, coalesce(finished_at::text, 'no time')) AS detail FROM of
         WHERE (status = ANY(%(run_final)s)) <> (finished_at IS NOT NULL)
        UNION ALL SELECT of.id, format('%%s, and stage %%s is %%s', of.status, s.stage, s.status) FROM of JOIN stages s ON s.run_id = of.id
         WHERE of.status = ANY(%(run_final)s) AND NOT s.status = ANY(%(stage_final)s)
        UNION ALL SELECT of.id, format('%%s, and node %%s is %%s', of.status, n.node, n.status) FROM of JOIN nodes n ON n.run_id = of.id
         WHERE of.status = ANY(%(run_final)s) AND n.status IN ('RUNNING', 'RETRYING')
        """,
    ),
    Check(
        "successes",
        "a run that succeeded has no stage and no node that did not",
        _BUG,
        """
        SELECT of.id AS run, format('stage %%s is %%s', s.stage, s.status) AS detail FROM of JOIN stages s ON s.run_id = of.id
         WHERE of.status = 'SUCCEEDED' AND s.status IN ('FAILED', 'SKIPPED')
        UNION ALL SELECT of.id, format('node %%s is %%s', n.node, n.status) FROM of JOIN nodes n ON n.run_id = of.id
         WHERE of.status = 'SUCCEEDED' AND n.status <> 'COMPLETED'
        """,
    ),
    Check(
        "progress",
        "a running run has something in flight, or something that it waits for",
        _SWEEP,
        """
        SELECT of.id AS run, 'nothing of it is in flight, and nothing was said for a while' AS detail FROM of
         WHERE of.status = 'RUNNING'
           AND NOT EXISTS (SELECT FROM stages s WHERE s.run_id = of.id AND s.status IN ('RELEASED', 'RUNNING', 'SUBMITTED', 'RETRYING'))
           AND NOT EXISTS (SELECT FROM stages s WHERE s.run_id = of.id AND s.waiting_since IS NOT NULL)
           AND NOT EXISTS (SELECT FROM events e WHERE e.run_id = of.id AND e.at > clock_timestamp() - %(late)s)
        """,
    ),
    Check(
        "epochs",
        "what was ever released has an epoch, and no attempt is newer than its stage",
        _BUG,
        """
        SELECT s.run_id AS run, format('stage %%s is %%s in epoch 0', s.stage, s.status) AS detail FROM stages s JOIN of ON of.id = s.run_id
         WHERE s.epoch = 0 AND s.status IN ('RELEASED', 'RUNNING', 'SUBMITTED', 'RETRYING', 'COMPLETED', 'FAILED')
        UNION ALL SELECT a.run_id, format('stage %%s is in epoch %%s, and there is an attempt %%s', s.stage, s.epoch, a.epoch)
          FROM attempts a JOIN of ON of.id = a.run_id JOIN stages s ON s.run_id = a.run_id AND s.stage = a.stage WHERE a.epoch > s.epoch
        """,
    ),
    Check(
        "attempts",
        "a completed stage has one attempt that completed it, the newest; an attempt that is open is its stage's",
        _BUG,
        """
        SELECT s.run_id AS run, format('stage %%s is completed by %%s attempts of epoch %%s', s.stage, count(a.epoch), s.epoch) AS detail
          FROM stages s JOIN of ON of.id = s.run_id
          LEFT JOIN attempts a ON a.run_id = s.run_id AND a.stage = s.stage AND a.epoch = s.epoch AND a.outcome = 'COMPLETED'
         WHERE s.status = 'COMPLETED' GROUP BY s.run_id, s.stage, s.epoch HAVING count(a.epoch) <> 1
        UNION ALL SELECT a.run_id, format('attempt %%s at stage %%s is open, and the stage is %%s in epoch %%s',
                                          a.epoch, a.stage, s.status, s.epoch)
          FROM attempts a JOIN of ON of.id = a.run_id JOIN stages s ON s.run_id = a.run_id AND s.stage = a.stage
         WHERE a.finished_at IS NULL AND NOT (s.status IN ('RUNNING', 'SUBMITTED') AND s.epoch = a.epoch)
        """,
    ),
    Check(
        "leases",
        "what runs has a worker and a lease that is kept; nothing else has a lease",
        _SWEEP,
        """
        SELECT s.run_id AS run, format('stage %%s is %%s%%s', s.stage, s.status, CASE
                 WHEN s.status <> 'RUNNING' THEN ' and has a lease' WHEN s.leased_until IS NULL OR s.worker IS NULL THEN ' without one'
                 ELSE ', and its lease is over since ' || s.leased_until END) AS detail
          FROM stages s JOIN of ON of.id = s.run_id
         WHERE (s.status <> 'RUNNING' AND s.leased_until IS NOT NULL)
            OR (s.status = 'RUNNING' AND (s.worker IS NULL OR s.leased_until IS NULL OR s.leased_until < clock_timestamp() - %(late)s))
        """,
    ),
    Check(
        "releases",
        "what is released is taken, and what waits for another try has a time for it",
        "see whether a worker lives that serves this queue (GET /api/v1/system), and whether Redis answers",
        """
        SELECT s.run_id AS run, format('stage %%s (queue %%s) is %%s since %%s', s.stage, s.queue, s.status,
                                       coalesce(s.released_at::text, 'nobody knows when')) AS detail
          FROM stages s JOIN of ON of.id = s.run_id
         WHERE (s.status = 'RETRYING' AND (s.retry_at IS NULL OR s.retry_at < clock_timestamp() - %(late)s)
                AND s.waiting_since IS NULL AND NOT EXISTS (
                  SELECT FROM stages b WHERE b.run_id = s.run_id AND b.status IN ('RELEASED', 'RUNNING')))
            OR (s.status = 'RELEASED' AND (s.released_at IS NULL OR (s.released_at < clock_timestamp() - interval '10 minutes'
                  AND NOT EXISTS (SELECT FROM stages b WHERE b.queue = s.queue AND b.status = 'RUNNING'))))
        """,
    ),
    Check(
        "slots",
        "no more stages of a run are in flight than its maxParallelNodes allows",
        _BUG,
        """
        SELECT of.id AS run, format('%%s stages are in flight, and %%s may be', count(*), of.max_parallel_nodes) AS detail
          FROM of JOIN stages s ON s.run_id = of.id
         WHERE s.kind = 'work' AND s.status IN ('RELEASED', 'RUNNING') AND of.max_parallel_nodes IS NOT NULL
         GROUP BY of.id, of.max_parallel_nodes HAVING count(*) > of.max_parallel_nodes
        """,
    ),
    Check(
        "plans",
        "a planned run has its plan, and each of its stages something to do",
        _BUG,
        """
        SELECT of.id AS run, 'it is planned, and there is no plan' AS detail FROM of
         WHERE of.planning = 'planned' AND NOT EXISTS (SELECT FROM plans p WHERE p.run_id = of.id)
        UNION ALL SELECT s.run_id, format('stage %%s has no program', s.stage) FROM stages s JOIN of ON of.id = s.run_id
         WHERE NOT EXISTS (SELECT FROM programs p WHERE p.run_id = s.run_id AND p.stage = s.stage)
        UNION ALL SELECT s.run_id, format('stage %%s needs stage %%s, which is not there', s.stage, i)
          FROM stages s JOIN of ON of.id = s.run_id CROSS JOIN unnest(s.inputs) AS i
         WHERE NOT EXISTS (SELECT FROM stages b WHERE b.run_id = s.run_id AND b.stage = i)
        """,
    ),
    Check(
        "order",
        "no stage was begun before those that it needs were completed",
        _BUG,
        """
        SELECT s.run_id AS run, format('stage %%s is %%s, and stage %%s, which it needs, is %%s',
                                       s.stage, s.status, b.stage, b.status) AS detail
          FROM stages s JOIN of ON of.id = s.run_id JOIN stages b ON b.run_id = s.run_id AND b.stage = ANY(s.inputs)
         WHERE s.status IN ('RELEASED', 'RUNNING', 'SUBMITTED', 'RETRYING', 'COMPLETED') AND b.status <> 'COMPLETED'
           -- A person asked for what it needs once more, and kept it.
           AND NOT (s.status = 'COMPLETED' AND EXISTS (
                  SELECT FROM attempts a WHERE a.run_id = b.run_id AND a.stage = b.stage AND a.outcome = 'COMPLETED'
                                           AND a.finished_at <= s.started_at))
        """,
    ),
    Check(
        "events",
        "the events of a run are numbered from 1 without a gap, and the last tells of its end",
        _BUG,
        """
        , told AS (SELECT e.run_id, count(*) AS n, min(e.seq) AS first, max(e.seq) AS last
                     FROM events e JOIN of ON of.id = e.run_id GROUP BY 1)
        SELECT of.id AS run, format('%%s events, from %%s to %%s, and the run says %%s', coalesce(n, 0), first, last, of.last_seq) AS detail
          FROM of LEFT JOIN told ON told.run_id = of.id WHERE n IS NULL OR first <> 1 OR n <> last OR last <> of.last_seq
        UNION ALL SELECT of.id, format('it is %%s, and its last event is %%s', of.status, e.type) FROM of
          JOIN events e ON e.run_id = of.id AND e.seq = of.last_seq
         WHERE of.status = ANY(%(run_final)s) AND e.type <> 'run.finished'
        """,
    ),
    Check(
        "ledgers",
        "the rows of every completed node balance",
        "do not trust what this run wrote: report it with its plan, and run it again",
        """
        SELECT n.run_id AS run, format('node %%s: %%s', n.node, n.figures) AS detail FROM nodes n JOIN of ON of.id = n.run_id
         WHERE n.status = 'COMPLETED' AND (n.figures ->> 'balanced') = 'false' AND of.status <> 'FAILED'
        """,
    ),
    Check(
        "datasets",
        "staged rows are those of a completed stage",
        _BUG,
        """
        SELECT d.run_id AS run, format('port %%s of stage %%s, which is %%s', d.port, d.stage, coalesce(s.status, 'not there')) AS detail
          FROM datasets d JOIN of ON of.id = d.run_id LEFT JOIN stages s ON s.run_id = d.run_id AND s.stage = d.stage
         WHERE s.status IS NULL OR (s.status NOT IN ('COMPLETED', 'FAILED') AND s.finished_at IS NOT NULL)
        """,
    ),
    Check(
        "promises",
        "every run that a caller was promised is there",
        "somebody deleted it, or the store was brought back from an older copy: ask for it again",
        """
        SELECT NULL::uuid AS run, format('%%s, promised at %%s', k.location, k.created_at) AS detail FROM idempotency_keys k
         WHERE k.status = 202 AND k.location LIKE '/api/v1/runs/%%'
           AND (k.reply ->> 'id')::uuid >= %(since)s AND NOT EXISTS (SELECT FROM runs r WHERE r.id = (k.reply ->> 'id')::uuid)
        """,
    ),
    Check(
        "sequences",
        "a sequence is held by a run that has not ended, or by none",
        _BUG,
        """
        SELECT w.id AS run, format('it waits for the sequence %%s, which run %%s holds, and that is %%s', q.node, q.held_by,
                                   coalesce(r.status, 'not there')) AS detail
          FROM sequences q LEFT JOIN runs r ON r.id = q.held_by
          JOIN runs w ON w.namespace = q.namespace AND w.pipeline = q.pipeline AND w.status = 'QUEUED'
         WHERE q.held_by IS NOT NULL AND (r.id IS NULL OR r.finished_at IS NOT NULL)
           AND w.created_at < clock_timestamp() - interval '10 minutes'
        """,
    ),
    Check(
        "cursors",
        "a window that somebody may have written is fixed, and taken over by a run that succeeded",
        "do not set this cursor by hand: " + _BUG,
        """
        SELECT c.held_by AS run, format('the cursor of %%s in %%s/%%s counts as begun, and has no window', c.node, c.namespace, c.pipeline)
            AS detail FROM cursors c WHERE c.opened AND c.window_id IS NULL
        UNION ALL SELECT r.id, format('it succeeded, and the cursor of %%s still waits for %%s', c.node, array_to_string(c.awaiting, ', '))
          FROM cursors c JOIN runs r ON r.id = c.held_by
         WHERE r.status = 'SUCCEEDED' AND c.window_id IS NOT NULL AND cardinality(c.awaiting) > 0
        """,
    ),
    Check(
        "connections",
        "whoever waits for a connection waits for somebody who has one",
        _SWEEP,
        """
        SELECT s.run_id AS run, format('stage %%s waits since %%s for %%s, and nobody is connected', s.stage, s.waiting_since,
                                       array_to_string(s.connectors, ', ')) AS detail
          FROM stages s JOIN of ON of.id = s.run_id
         WHERE of.status = 'RUNNING' AND of.cancel_reason IS NULL AND s.waiting_since < clock_timestamp() - %(late)s
           AND NOT EXISTS (SELECT FROM stages b WHERE b.status IN ('RELEASED', 'RUNNING')
                             AND (b.run_id = s.run_id OR b.connectors && s.connectors))
           AND NOT EXISTS (SELECT FROM stages b WHERE b.waiting_since < s.waiting_since AND b.connectors && s.connectors)
        """,
    ),
    Check(
        "dead letters",
        "rejected rows that a run replayed, and only those, count as replayed",
        _BUG,
        """
        SELECT d.run_id AS run, format('%%s rows of node %%s count as replayed, and no run did it', count(*), d.node) AS detail
          FROM dead_letters d JOIN of ON of.id = d.run_id WHERE d.state = 'replayed' AND d.replay_run IS NULL GROUP BY d.run_id, d.node
        UNION ALL SELECT d.run_id, format('run %%s has replayed %%s rows of node %%s, which are %%s', r.id, count(*), d.node, d.state)
          FROM dead_letters d JOIN of ON of.id = d.run_id JOIN runs r ON r.id = d.replay_run
         WHERE r.status = 'SUCCEEDED' AND d.state <> 'replayed' GROUP BY d.run_id, r.id, d.node, d.state
        """,
    ),
    Check(
        "checks",
        "what was measured is on record, and verdicts and profiles belong to a check that is",
        _BUG,
        """
        SELECT s.run_id AS run, format('stage %%s has measured, and there is nothing of it', s.stage) AS detail
          FROM stages s JOIN of ON of.id = s.run_id
         WHERE s.kind = 'check' AND s.status = 'COMPLETED'
           AND NOT EXISTS (SELECT FROM quality_scores q WHERE q.run_id = s.run_id AND q.stage = s.stage)
        UNION ALL SELECT d.run_id, format('%%s of stage %%s, rule set %%s, and there is no such check', d.what, d.stage, d.rule_set)
          FROM (SELECT run_id, stage, rule_set, 'verdicts' AS what FROM quality_results GROUP BY 1, 2, 3
                UNION ALL SELECT run_id, stage, rule_set, 'a profile' FROM quality_profiles) d
         WHERE d.run_id >= %(since)s AND NOT EXISTS (SELECT FROM quality_scores q
                WHERE q.run_id = d.run_id AND q.stage = d.stage AND q.rule_set = d.rule_set)
        """,
    ),
    Check(
        "firings",
        "what a trigger has started is there, and what a schedule started is on its record",
        "somebody deleted it, or the store was brought back from an older copy: ask for these fire times by hand, with logicalDate",
        """
        SELECT f.run_id AS run, format('trigger %%s of %%s/%%s started it for %%s, and it is not there',
                                       t.name, t.namespace, t.pipeline, f.key) AS detail
          FROM firings f JOIN triggers t ON t.id = f.trigger_id
         WHERE f.run_id >= %(since)s AND NOT EXISTS (SELECT FROM runs r WHERE r.id = f.run_id)
        UNION ALL SELECT of.id, format('%%s/%%s was started for %%s, and no schedule says so', of.namespace, of.pipeline,
                                       of.trigger ->> 'fireAt')
          FROM of WHERE of.id >= %(since)s AND of.trigger ->> 'type' = 'schedule'
                    AND NOT EXISTS (SELECT FROM firings f WHERE f.run_id = of.id)
        """,
    ),
    Check(
        "fire times",
        "no fire time of a schedule has two runs",
        _BUG,
        """
        SELECT min(of.id::text)::uuid AS run, format('%%s/%%s has %%s runs for %%s', of.namespace, of.pipeline, count(*),
                                                     of.trigger ->> 'fireAt') AS detail
          FROM of WHERE of.trigger ->> 'type' = 'schedule'
         GROUP BY of.namespace, of.pipeline, of.trigger ->> 'fireAt' HAVING count(*) > 1
        """,
    ),
    Check(
        "triggers",
        "only pipelines that are there start by themselves, and schedules are looked at when they are due",
        "start a scheduler (`penstock up`), and read its log; a pipeline that is gone: " + _BUG,
        """
        SELECT NULL::uuid AS run, format('trigger %%s of %%s/%%s is active, and there is no such pipeline', t.name, t.namespace, t.pipeline)
            AS detail FROM triggers t
         WHERE t.active AND NOT EXISTS (SELECT FROM resources r WHERE r.kind = 'Pipeline' AND r.namespace = t.namespace
                                           AND r.name = t.pipeline AND r.deleted_at IS NULL)
        UNION ALL SELECT NULL, format('the schedule of %%s/%%s was due at %%s, and nobody has looked at it',
                                      t.namespace, t.pipeline, t.look_at)
          FROM triggers t WHERE t.active AND t.type = 'schedule' AND t.look_at < clock_timestamp() - %(late)s
        """,
    ),
    Check(
        "conclusions",
        "within an hour of a run's end, all that follows from it is done",
        "start a scheduler (`penstock up`), and read its log",
        """
        SELECT e.run_id AS run, format('it ended as %%s at %%s, and nobody has heard of it', e.status, e.at) AS detail FROM endings e
         WHERE e.at < clock_timestamp() - interval '1 hour'
        """,
    ),
    Check(
        "waits",
        "who waits for other pipelines is in the queue, and nobody waits longer than he may",
        _SWEEP,
        """
        SELECT r.id AS run, format('run %%s waits for %%s/%%s, and is %%s', w.run_id, w.upstream_namespace, w.upstream,
                                   coalesce(r.status, 'not there')) AS detail
          FROM waits w LEFT JOIN runs r ON r.id = w.run_id
         WHERE r.id IS NULL OR (r.status <> 'QUEUED' AND coalesce(r.finished_at, r.started_at) < clock_timestamp() - %(late)s)
        UNION ALL SELECT w.run_id, format('its time to wait for %%s/%%s is over since %%s', w.upstream_namespace, w.upstream, w.expires_at)
          FROM waits w JOIN runs r ON r.id = w.run_id WHERE r.status = 'QUEUED' AND w.expires_at < clock_timestamp() - %(late)s
        """,
    ),
    Check(
        "backfills",
        "each date of a backfill that was begun has its run, and the backfill knows when that has ended",
        _SWEEP,
        """
        SELECT of.id AS run, format('backfill %%s does not know that its run of %%s has ended', d.backfill_id, d.logical_date) AS detail
          FROM backfill_dates d JOIN of ON of.id = d.run_id
         WHERE d.state = 'started' AND d.ended IS NULL AND of.finished_at < clock_timestamp() - %(late)s
        UNION ALL SELECT NULL, format('backfill %%s has nothing left to do since %%s, and is not over', b.id, max(r.finished_at))
          FROM backfills b JOIN backfill_dates d ON d.backfill_id = b.id LEFT JOIN runs r ON r.id = d.run_id WHERE b.state = 'running'
         GROUP BY b.id HAVING bool_and(d.state <> 'waiting' AND (d.run_id IS NULL OR d.ended IS NOT NULL))
                          AND max(r.finished_at) < clock_timestamp() - %(late)s
        """,
    ),
    Check(
        "partitions",
        "there is a place for the runs of this month and of the next",
        "a scheduler that leads makes them: start one (`penstock up`); or `python -m infra.local migrate`",
        """
        SELECT NULL::uuid AS run, format('%%s has none for %%s', c.relname, to_char(month, 'YYYY-MM')) AS detail
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN (VALUES (now() AT TIME ZONE 'UTC'), (now() AT TIME ZONE 'UTC' + interval '1 month')) AS m (month)
         WHERE c.relkind = 'p' AND n.nspname = current_schema()
           AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
                            WHERE i.inhparent = c.oid AND p.relname = c.relname || to_char(month, '_YYYYMM'))
        """,
    ),
    Check(
        "services",
        "a scheduler, a worker and a quality service live",
        "start what is missing (`penstock up`), and read its log",
        """
        SELECT NULL::uuid AS run, format('no %%s was seen within a minute', service) AS detail
          FROM unnest(ARRAY['scheduler', 'worker', 'quality']) AS s (service)
         WHERE NOT EXISTS (SELECT FROM workers w WHERE w.service = s.service AND w.seen_at > clock_timestamp() - interval '1 minute')
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`found`: the first SHOWN of `count` things that are off: {run, detail}."""

    check: Check
    count: int
    found: Sequence[Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        check = self.check
        said = {"name": check.name, "holds": check.holds, "ok": not self.count, "count": self.count, "found": [dict(f) for f in self.found]}
        return {**said, "remedy": check.remedy if self.count else None}


def examine(tx: Tx, since: datetime, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """One finding for each check, in their order."""
    values = {
        "since": least_id(since),
        "late": _LATE,
        "run_states": [status.value for status in RunStatus],
        "stage_states": [status.value for status in StageStatus],
        "node_states": [status.value for status in NodeStatus],
        "run_final": [status.value for status in RUN_FINAL],
        "stage_final": [status.value for status in STAGE_FINAL],
    }
    findings = []
    for check in checks:
        rows = [{"run": str(row["run"]) if row["run"] else None, "detail": row["detail"]} for row in tx.execute(_OF + check.sql, values)]
        findings.append(Finding(check, len(rows), rows[:SHOWN]))
    return findings
