-- Outputs of stages that later runs reuse (cache: true): the staged files of the attempt that made them, where they lie.
CREATE TABLE kept_outputs (
    run_id       uuid NOT NULL,
    stage        integer NOT NULL,
    epoch        integer NOT NULL,
    resource_uid uuid NOT NULL,
    -- Of the stage, in its order, with blanks in between.
    nodes        text NOT NULL,
    -- Hash of all that the rows are made of.
    key          text NOT NULL,
    -- As Dataset.to_json.
    datasets     jsonb NOT NULL,
    -- By node.
    figures      jsonb NOT NULL,
    kept_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, stage)
);
CREATE INDEX kept_outputs_of ON kept_outputs (resource_uid, nodes, kept_at);
