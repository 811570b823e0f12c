-- How runs have ended, counted as their ends are concluded: a counter that survives the dropping of old months, and is read without
-- looking at any run.
CREATE TABLE run_totals (
    namespace     text NOT NULL,
    pipeline      text NOT NULL,
    status        text NOT NULL,
    runs          bigint NOT NULL,
    -- Of those that had begun: so many, and how long they took together.
    timed         bigint NOT NULL,
    seconds       double precision NOT NULL,
    -- What is known of them; a part that is not known adds nothing.
    rows_read     bigint NOT NULL,
    rows_written  bigint NOT NULL,
    rows_rejected bigint NOT NULL,
    PRIMARY KEY (namespace, pipeline, status)
);

-- The lowest quality score of each pipeline's newest run that has one.
CREATE TABLE pipeline_scores (
    namespace text NOT NULL,
    pipeline  text NOT NULL,
    run_id    uuid NOT NULL,
    score     double precision NOT NULL,
    PRIMARY KEY (namespace, pipeline)
);

-- "Of this pipeline, or of all, those that failed": newest first, without reading the others.
CREATE INDEX runs_by_status ON runs (status, id DESC);
CREATE INDEX runs_by_trigger ON runs ((trigger ->> 'type'), id DESC);
CREATE INDEX runs_by_namespace ON runs (namespace, id DESC);

-- What people sort runs by; key: value, both short texts. Most have none, and cost the index nothing.
ALTER TABLE runs ADD COLUMN labels jsonb NOT NULL DEFAULT '{}';
CREATE INDEX runs_by_label ON runs USING gin (labels jsonb_path_ops) WHERE labels <> '{}';
