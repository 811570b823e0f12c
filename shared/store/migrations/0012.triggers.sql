-- What starts a pipeline by itself: its schedule, and each of its triggers, as the newest valid version says. The row is the lock under
-- which it fires; what happened is a row of `firings`, written with the run.
CREATE TABLE triggers (
    id         uuid PRIMARY KEY,
    namespace  text NOT NULL,
    pipeline   text NOT NULL,
    -- 'schedule', or what the recipe calls it.
    name       text NOT NULL,
    type       text NOT NULL CHECK (type IN ('schedule', 'webhook', 'file', 'kafka', 'pipeline')),
    -- The settings of its type, with all defaults, as in that version.
    config     jsonb NOT NULL,
    version    integer NOT NULL,
    -- The version in force has it, and both it and the pipeline are enabled.
    active     boolean NOT NULL,
    -- Of a schedule: fire times up to this one have been dealt with.
    handled_to timestamptz NOT NULL DEFAULT now(),
    -- When it is to be looked at next; NULL: when something comes, or never.
    look_at    timestamptz,
    -- What its type remembers from one look to the next.
    state      jsonb NOT NULL DEFAULT '{}',
    -- Why it could not do its work when it was looked at last.
    problem    jsonb,
    UNIQUE (namespace, pipeline, name)
);
CREATE INDEX triggers_to_look_at ON triggers (type, look_at) WHERE active AND look_at IS NOT NULL;

-- One row for each thing that a trigger saw: a fire time, a version of a file, a delivery. `run_id` NULL: it started none, and `outcome`
-- and `detail` say why.
CREATE TABLE firings (
    trigger_id uuid NOT NULL REFERENCES triggers (id),
    key        text NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id     uuid,
    outcome    text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (trigger_id, key)
);
CREATE INDEX firings_of_runs ON firings (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX firings_by_time ON firings (trigger_id, at DESC);

-- Whether a pipeline starts by itself, where a person has said so beside the recipe. It holds until a version says otherwise than the
-- recipe did then.
CREATE TABLE switches (
    namespace      text NOT NULL,
    pipeline       text NOT NULL,
    enabled        boolean NOT NULL,
    recipe_enabled boolean NOT NULL,
    by             text NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, pipeline)
);

-- Runs that have ended, and of whose end nobody has heard yet: written in the transaction that ends the run, taken away in the one that
-- draws the conclusions.
CREATE TABLE endings (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id    uuid NOT NULL,
    namespace text NOT NULL,
    pipeline  text NOT NULL,
    status    text NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which version's triggers are in force; NULL: it was saved by a release that had none.
ALTER TABLE resources ADD COLUMN triggers_of integer;
