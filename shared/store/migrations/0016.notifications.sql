-- What people and other systems are told of runs. A row is made in the transaction that draws the conclusions from the end of a run, and
-- told once: whoever draws them again finds it.
CREATE TABLE notifications (
    id         uuid PRIMARY KEY,
    namespace  text NOT NULL,
    pipeline   text NOT NULL,
    -- NULL: no run is there to tell of (a fire time without one, a test).
    run_id     uuid,
    event      text NOT NULL
               CHECK (event IN ('failure', 'success', 'recovery', 'quality', 'rejects', 'late', 'schemaChange', 'test')),
    -- What it tells of: an end of a run, a fire time, a test.
    about      text NOT NULL,
    type       text NOT NULL CHECK (type IN ('slack', 'webhook', 'email')),
    -- {connector, url, channel, to, secret} as the recipe says them: references to secrets, never the secrets. `way`: their hash.
    target     jsonb NOT NULL,
    way        text NOT NULL,
    -- Two of one event with the same likeness are the same trouble; NULL: none is like it.
    likeness   text,
    most_a_day integer,
    -- The recipe's own text, and what is known, by name; `subject` and `body` are made of them once it is settled that it is sent.
    template   text,
    facts      jsonb NOT NULL,
    subject    text,
    body       text,
    -- new: not settled; held: counted, not sent (`held`: why, `told_in`: the later one that said so); pending: to be sent.
    state      text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'held', 'pending', 'sent', 'failed')),
    held       text CHECK (held IN ('repeated', 'limit')),
    told_in    uuid,
    tries      integer NOT NULL DEFAULT 0,
    -- When it is to be sent; while a worker has been asked to, until when it is waited for.
    retry_at   timestamptz NOT NULL DEFAULT now(),
    error      jsonb,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at    timestamptz,
    UNIQUE (namespace, pipeline, about, event, way)
);
CREATE INDEX notifications_new ON notifications (id) WHERE state = 'new';
CREATE INDEX notifications_pending ON notifications (retry_at) WHERE state = 'pending';
CREATE INDEX notifications_by_way ON notifications (namespace, pipeline, way, created_at);
CREATE INDEX notifications_held ON notifications (namespace, pipeline, way) WHERE state = 'held' AND told_in IS NULL;
CREATE INDEX notifications_by_run ON notifications (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);

CREATE TABLE notification_tries (
    notification_id uuid NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    number          integer NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    ok              boolean NOT NULL,
    -- Of HTTP; NULL: none came, or it is a mail.
    status          integer,
    said            text,
    error           jsonb,
    worker          text NOT NULL,
    PRIMARY KEY (notification_id, number)
);

-- Of each schedule with a deadline: fire times up to this one (as firings spell them) have been looked at for being late.
CREATE TABLE lateness (
    trigger_id uuid PRIMARY KEY REFERENCES triggers (id),
    checked_to text NOT NULL
);

-- A row for each run that has ended; docs/guides/metrics-views.md says what each column counts. NULL: not known.
CREATE VIEW pipeline_metrics AS
SELECT r.namespace || '/' || r.pipeline AS pipeline_id,
       r.id AS run_id,
       r.started_at AS start_time,
       r.finished_at AS end_time,
       n.extracted AS records_extracted,
       n.transformed AS records_transformed,
       n.loaded AS records_loaded,
       CASE
           -- It ended badly without any node having failed: that is the one error.
           WHEN r.status IN ('FAILED', 'TIMED_OUT') AND coalesce(n.failed, 0) = 0 THEN coalesce(n.rejected, 0) + 1
           ELSE n.rejected + n.failed
       END AS errors_count,
       CASE r.status WHEN 'SUCCEEDED' THEN 'success' WHEN 'FAILED' THEN 'failure' WHEN 'TIMED_OUT' THEN 'failure' ELSE lower(r.status) END
           AS status
  FROM runs r
  LEFT JOIN LATERAL (
      SELECT CASE WHEN count(*) > 0 AND NOT bool_or(f.source AND f.rows_out IS NULL)
                  THEN coalesce(sum(f.rows_out) FILTER (WHERE f.source), 0) END::bigint AS extracted,
             CASE WHEN count(*) > 0 AND NOT bool_or(f.sink AND f.rows_in IS NULL)
                  THEN coalesce(sum(f.rows_in) FILTER (WHERE f.sink), 0) END::bigint AS transformed,
             CASE WHEN count(*) > 0 AND NOT bool_or(f.sink AND f.rows_out IS NULL)
                  THEN coalesce(sum(f.rows_out) FILTER (WHERE f.sink), 0) END::bigint AS loaded,
             CASE WHEN count(*) > 0 AND NOT bool_or(f.status = 'COMPLETED' AND f.rejected IS NULL)
                  THEN coalesce(sum(f.rejected), 0) END::bigint AS rejected,
             count(*) FILTER (WHERE f.status = 'FAILED') AS failed
        FROM (
            SELECT node.status,
                   node.type IN ('connector_source', 'cdc_source') AS source,
                   node.type IN ('connector_sink', 'streaming_sink') AS sink,
                   -- A node that was left out moved no row.
                   CASE WHEN node.status = 'SKIPPED' THEN 0 ELSE (node.figures ->> 'rowsIn')::bigint END AS rows_in,
                   CASE WHEN node.status = 'SKIPPED' THEN 0 ELSE (node.figures ->> 'rowsOut')::bigint END AS rows_out,
                   (node.figures ->> 'rowsRejected')::bigint AS rejected
              FROM nodes node WHERE node.run_id = r.id
        ) f
  ) n ON true
 WHERE r.finished_at IS NOT NULL;

-- What was logged, and what happened, of all runs: a row each.
CREATE VIEW observability_logs AS
SELECT e.at AS "timestamp",
       r.namespace || '/' || r.pipeline AS pipeline_id,
       e.run_id,
       CASE WHEN e.data ->> 'status' IN ('FAILED', 'TIMED_OUT') THEN 'ERROR' WHEN e.type = 'node.retry' THEN 'WARNING' ELSE 'INFO' END AS level,
       e.type AS event_type,
       e.node AS node_id,
       e.stage,
       e.epoch AS attempt,
       NULL::text AS worker,
       e.data #>> '{error,message}' AS message,
       e.data AS details
  FROM events e JOIN runs r ON r.id = e.run_id
UNION ALL
SELECT l.at, r.namespace || '/' || r.pipeline, l.run_id, upper(l.level), 'log', l.node, l.stage, l.epoch, l.worker, l.message, NULL::jsonb
  FROM logs l JOIN runs r ON r.id = l.run_id;
