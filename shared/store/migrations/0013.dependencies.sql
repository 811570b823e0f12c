-- What waits for other pipelines, and what is run again for times that have passed.

-- PipelineDependency documents in force, a row for each pipeline that one waits for.
CREATE TABLE dependencies (
    namespace            text NOT NULL,
    name                 text NOT NULL,
    upstream_namespace   text NOT NULL,
    upstream             text NOT NULL,
    downstream_namespace text NOT NULL,
    downstream           text NOT NULL,
    condition            text NOT NULL CHECK (condition IN ('success', 'success-or-skipped')),
    mode                 text NOT NULL CHECK (mode IN ('all', 'any')),
    max_wait             interval NOT NULL,
    on_timeout           text NOT NULL CHECK (on_timeout IN ('fail', 'skip')),
    PRIMARY KEY (namespace, name, upstream_namespace, upstream)
);
CREATE INDEX dependencies_down ON dependencies (downstream_namespace, downstream);
CREATE INDEX dependencies_up ON dependencies (upstream_namespace, upstream);

-- Queued runs that wait for others, a row for each pipeline of each dependency, as that said when the run was made. A run without a row
-- waits for nobody: the rows go in the transaction that finds it ready, or over.
CREATE TABLE waits (
    run_id             uuid NOT NULL,
    -- Of the PipelineDependency, namespace/name.
    dependency         text NOT NULL,
    upstream_namespace text NOT NULL,
    upstream           text NOT NULL,
    condition          text NOT NULL,
    mode               text NOT NULL,
    on_timeout         text NOT NULL,
    -- Logical dates of the upstream's runs that it needs, all of them.
    dates              timestamptz[] NOT NULL,
    -- NULL: all are there.
    expires_at         timestamptz,
    -- To be looked at: it is new, or a run that it may need has ended.
    changed            boolean NOT NULL DEFAULT true,
    PRIMARY KEY (run_id, dependency, upstream_namespace, upstream)
);
CREATE INDEX waits_changed ON waits (run_id) WHERE changed;
CREATE INDEX waits_expire ON waits (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX waits_up ON waits (upstream_namespace, upstream);

-- A pipeline that nothing but its dependencies starts has a trigger for them.
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check;
ALTER TABLE triggers ADD CONSTRAINT triggers_type_check
    CHECK (type IN ('schedule', 'webhook', 'file', 'kafka', 'pipeline', 'dependency'));
CREATE INDEX triggers_after ON triggers
    ((CASE WHEN strpos(config ->> 'pipeline', '/') > 0 THEN config ->> 'pipeline' ELSE namespace || '/' || (config ->> 'pipeline') END))
    WHERE active AND type = 'pipeline';

CREATE INDEX runs_by_date ON runs (namespace, pipeline, logical_date);

-- Fire times of a range that are run on somebody's demand. Its row is the lock under which its runs are made.
CREATE TABLE backfills (
    id           uuid PRIMARY KEY,
    namespace    text NOT NULL,
    pipeline     text NOT NULL,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    ordering     text NOT NULL CHECK (ordering IN ('oldest', 'newest')),
    max_parallel integer NOT NULL CHECK (max_parallel > 0),
    which        text NOT NULL CHECK (which IN ('missing', 'failed', 'all')),
    -- Which version runs: the one of today, or that of each fire time.
    version      text NOT NULL CHECK (version IN ('now', 'then')),
    parameters   jsonb NOT NULL DEFAULT '{}',
    reason       text,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE INDEX backfills_open ON backfills (namespace, pipeline) WHERE state IN ('running', 'paused');

-- Those of its fire times that are to be run, each at most once. `ended`: as what its run ended last.
CREATE TABLE backfill_dates (
    backfill_id  uuid NOT NULL REFERENCES backfills (id),
    logical_date timestamptz NOT NULL,
    version      integer NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'started', 'left_out', 'refused', 'cancelled')),
    run_id       uuid,
    ended        text,
    detail       jsonb,
    PRIMARY KEY (backfill_id, logical_date),
    CHECK ((state = 'started') = (run_id IS NOT NULL))
);
CREATE INDEX backfill_dates_open ON backfill_dates (backfill_id, state) WHERE state = 'waiting' OR (state = 'started' AND ended IS NULL);
CREATE INDEX backfill_dates_of_runs ON backfill_dates (run_id) WHERE run_id IS NOT NULL;

-- From when on it fires in its present form: of a schedule, earlier times are no times of it.
ALTER TABLE triggers ADD COLUMN since timestamptz NOT NULL DEFAULT now();
