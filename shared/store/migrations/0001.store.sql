-- The record. Runs and all that hangs on a run are partitioned by ranges of the run's UUIDv7, that is by time, and a partition is
-- dropped whole once every run in it is final. Small tables whose uniqueness must hold for ever are not partitioned.

CREATE TABLE resources (
    uid             uuid PRIMARY KEY,
    kind            text NOT NULL,
    namespace       text NOT NULL,
    name            text NOT NULL,
    current_version integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    UNIQUE (kind, namespace, name)
);

CREATE TABLE resource_versions (
    uid            uuid NOT NULL REFERENCES resources (uid),
    version        integer NOT NULL,
    git_commit_sha text,
    parent_version integer,
    document       text NOT NULL,
    document_sha   text NOT NULL,
    valid          boolean NOT NULL,
    problems       jsonb NOT NULL DEFAULT '[]',
    author         text NOT NULL,
    message        text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (uid, version)
);

CREATE TABLE credentials (
    namespace  text NOT NULL,
    name       text NOT NULL,
    version    integer NOT NULL,
    type       text NOT NULL,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, name, version)
);

CREATE TABLE tokens (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    hash       bytea NOT NULL UNIQUE,
    role       text NOT NULL CHECK (role IN ('viewer', 'editor', 'operator', 'admin')),
    namespaces text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE idempotency_keys (
    token_id   uuid NOT NULL,
    key        text NOT NULL,
    body_hash  bytea NOT NULL,
    status     integer NOT NULL,
    location   text,
    reply      jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, key)
);

-- What the planner was told of the world, with its age.
CREATE TABLE facts (
    key         text PRIMARY KEY,
    found       jsonb NOT NULL,
    surveyed_at timestamptz NOT NULL
);

CREATE TABLE workers (
    name         text PRIMARY KEY,
    boot         uuid NOT NULL,
    service      text NOT NULL,
    labels       text[] NOT NULL DEFAULT '{}',
    slots        integer NOT NULL,
    memory_bytes bigint,
    version      text NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE runs (
    id                  uuid NOT NULL,
    namespace           text NOT NULL,
    pipeline            text NOT NULL,
    resource_uid        uuid NOT NULL,
    version             integer NOT NULL,
    git_commit_sha      text,
    status              text NOT NULL,
    trigger             jsonb NOT NULL,
    parameters          jsonb NOT NULL DEFAULT '{}',
    logical_date        timestamptz NOT NULL,
    reason              text,
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    deadline_at         timestamptz,
    cancel_requested_at timestamptz,
    cancel_reason       text CHECK (cancel_reason IN ('cancelled', 'timed_out', 'replaced')),
    waiting_for         jsonb,
    error               jsonb,
    -- Planning: none (not yet), stale (a source changed: survey anew), surveying, surveyed (facts are in), planned. max_parallel_nodes comes from the recipe when it is planned.
    planning            text NOT NULL DEFAULT 'none' CHECK (planning IN ('none', 'stale', 'surveying', 'surveyed', 'planned')),
    max_parallel_nodes  integer,
    last_seq            bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE INDEX runs_open ON runs (created_at) WHERE status IN ('QUEUED', 'RUNNING');
CREATE INDEX runs_by_pipeline ON runs (namespace, pipeline, id DESC);

CREATE TABLE plans (
    run_id     uuid NOT NULL,
    format     integer NOT NULL,
    plan       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id)
) PARTITION BY RANGE (run_id);

CREATE TABLE stages (
    run_id            uuid NOT NULL,
    stage             integer NOT NULL,
    part              integer NOT NULL DEFAULT 0,
    kind              text NOT NULL CHECK (kind IN ('survey', 'work', 'check', 'publish', 'observe')),
    nodes             text[] NOT NULL,
    inputs            integer[] NOT NULL,
    generation        integer NOT NULL,
    engine            text,
    queue             text NOT NULL,
    label             text,
    policy            jsonb NOT NULL DEFAULT '{}',
    status            text NOT NULL DEFAULT 'WAITING',
    epoch             integer NOT NULL DEFAULT 0,
    retries           integer NOT NULL DEFAULT 0,
    lost              integer NOT NULL DEFAULT 0,
    rerun             integer NOT NULL DEFAULT 0,
    worker            text,
    boot              uuid,
    external_ref      text,
    next_look_at      timestamptz,
    released_at       timestamptz,
    leased_until      timestamptz,
    retry_at          timestamptz,
    started_at        timestamptz,
    finished_at       timestamptz,
    duration_ms       bigint,
    peak_memory_bytes bigint,
    error             jsonb,
    PRIMARY KEY (run_id, stage, part)
) PARTITION BY RANGE (run_id);

CREATE INDEX stages_in_flight ON stages (status, released_at, leased_until, retry_at)
    WHERE status IN ('RELEASED', 'RUNNING', 'RETRYING', 'SUBMITTED');

-- What a stage does; read once by the worker that runs it, never by whoever finishes it.
CREATE TABLE programs (
    run_id  uuid NOT NULL,
    stage   integer NOT NULL,
    program jsonb NOT NULL,
    PRIMARY KEY (run_id, stage)
) PARTITION BY RANGE (run_id);

CREATE TABLE attempts (
    run_id      uuid NOT NULL,
    stage       integer NOT NULL,
    epoch       integer NOT NULL,
    worker      text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    outcome     text,
    error       jsonb,
    PRIMARY KEY (run_id, stage, epoch)
) PARTITION BY RANGE (run_id);

CREATE TABLE nodes (
    run_id      uuid NOT NULL,
    node        text NOT NULL,
    ordinal     integer NOT NULL,
    type        text NOT NULL,
    generation  integer NOT NULL,
    stage       integer,
    status      text NOT NULL DEFAULT 'WAITING',
    figures     jsonb NOT NULL DEFAULT '{}',
    error       jsonb,
    started_at  timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (run_id, node)
) PARTITION BY RANGE (run_id);

-- Append-only; seq is numbered per run under the run's row lock, so it has no gap and no repeat.
CREATE TABLE events (
    run_id uuid NOT NULL,
    seq    bigint NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    type   text NOT NULL,
    v      integer NOT NULL DEFAULT 1,
    node   text,
    stage  integer,
    epoch  integer,
    data   jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, seq)
) PARTITION BY RANGE (run_id);

CREATE TABLE logs (
    run_id  uuid NOT NULL,
    id      bigint GENERATED BY DEFAULT AS IDENTITY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    level   text NOT NULL,
    stage   integer,
    epoch   integer,
    node    text,
    worker  text,
    message text NOT NULL,
    PRIMARY KEY (run_id, id)
) PARTITION BY RANGE (run_id);

CREATE TABLE datasets (
    run_id     uuid NOT NULL,
    stage      integer NOT NULL,
    port       text NOT NULL,
    epoch      integer NOT NULL,
    uri        text NOT NULL,
    columns    jsonb NOT NULL,
    rows       bigint NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (run_id, stage, port)
) PARTITION BY RANGE (run_id);

CREATE TABLE dead_letters (
    run_id          uuid NOT NULL,
    id              uuid NOT NULL,
    stage           integer NOT NULL,
    epoch           integer NOT NULL,
    node            text NOT NULL,
    original_record jsonb NOT NULL,
    error_message   text NOT NULL,
    position        bigint,
    retry_count     integer NOT NULL DEFAULT 0,
    state           text NOT NULL DEFAULT 'open',
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, id)
) PARTITION BY RANGE (run_id);

CREATE TABLE quality_results (
    run_id    uuid NOT NULL,
    stage     integer NOT NULL,
    rule_set  text NOT NULL,
    rule      text NOT NULL,
    dataset   text NOT NULL,
    scope     text NOT NULL,
    ordinal   integer NOT NULL,
    type      text NOT NULL,
    severity  text NOT NULL,
    passed    boolean NOT NULL,
    checked   bigint,
    failing   bigint,
    observed  jsonb,
    expected  jsonb,
    offenders jsonb NOT NULL DEFAULT '[]',
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, stage, rule_set, rule)
) PARTITION BY RANGE (run_id);

CREATE TABLE quality_scores (
    run_id    uuid NOT NULL,
    stage     integer NOT NULL,
    rule_set  text NOT NULL,
    namespace text NOT NULL,
    dataset   text NOT NULL,
    scope     text NOT NULL,
    score     numeric(4, 1),
    passed    integer NOT NULL,
    failed    integer NOT NULL,
    formula   jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, stage, rule_set)
) PARTITION BY RANGE (run_id);

CREATE INDEX quality_scores_by_dataset ON quality_scores (namespace, dataset, run_id DESC);
