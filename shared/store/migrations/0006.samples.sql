-- What a person may look at of a node's output: its first rows, masked, and figures of its columns. Written behind the work.
CREATE TABLE samples (
    run_id  uuid NOT NULL,
    stage   integer NOT NULL,
    port    text NOT NULL,
    node    text NOT NULL,
    epoch   integer NOT NULL,
    rows    jsonb NOT NULL,
    profile jsonb,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, stage, port)
) PARTITION BY RANGE (run_id);
