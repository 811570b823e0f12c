-- What is told of the installation to those who watch it from outside.

-- Counters, and histograms of seconds, by one label each: counted where it happens, or as the end of a run is concluded.
CREATE TABLE metric_totals (
    metric text NOT NULL,
    -- '': it has none.
    label  text NOT NULL,
    count  bigint NOT NULL,
    -- Of what took time: seconds together, and how many took at most each of the bounds in shared/store/metric_totals.py, from the shortest.
    sum    double precision NOT NULL DEFAULT 0,
    within bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (metric, label)
);

-- Of the error budgets of that run's checks the least that is left, 0 to 1; NULL: no rule set of them promises anything.
ALTER TABLE pipeline_scores ADD COLUMN budget double precision;

-- As W3C's traceparent: the call that made the run. NULL: none did, or none that is traced.
ALTER TABLE runs ADD COLUMN traceparent text;

-- Events of runs that OpenLineage's receiver has not taken yet, in order: written with what they tell of, taken away once they are sent.
CREATE TABLE lineage_events (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id   uuid NOT NULL,
    type     text NOT NULL CHECK (type IN ('START', 'COMPLETE', 'FAIL', 'ABORT')),
    -- Of OpenLineage's own time: when it happened.
    at       timestamptz NOT NULL,
    -- How often the run had ended before: each time that it is asked for again is a run of its own there.
    again    integer NOT NULL
);
