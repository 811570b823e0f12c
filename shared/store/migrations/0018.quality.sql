-- What a check found, beyond passed or not. `rule_set` is '' where only a profile was asked for. A check that nobody's run made (a request
-- of kind check) has the request's id for `run_id`, and stage 0; both are UUIDv7, so it lies in the partition of its month.

-- PASSED, FAILED, ERROR (it could not be measured) or LEARNING; NULL: of a release that knew only `passed`.
ALTER TABLE quality_results ADD COLUMN status text CHECK (status IN ('PASSED', 'FAILED', 'ERROR', 'LEARNING'));
ALTER TABLE quality_results ADD COLUMN error text;
ALTER TABLE quality_results ADD COLUMN blocks boolean NOT NULL DEFAULT false;
ALTER TABLE quality_results ADD COLUMN failing_percent float8;
ALTER TABLE quality_results ADD COLUMN duration_ms bigint;

-- `partial`: rules that are ERROR, `errors` of them, are not in the score. `metrics`: of each ANOMALY rule, for the checks to come.
ALTER TABLE quality_scores ADD COLUMN partial boolean NOT NULL DEFAULT false;
ALTER TABLE quality_scores ADD COLUMN errors integer NOT NULL DEFAULT 0;
ALTER TABLE quality_scores ADD COLUMN rows bigint;
ALTER TABLE quality_scores ADD COLUMN metrics jsonb NOT NULL DEFAULT '{}';
ALTER TABLE quality_scores ADD COLUMN blocked text[] NOT NULL DEFAULT '{}';

-- In the order of every question that is asked of it: what was found last of one dataset, in one scope, by one rule set.
CREATE INDEX quality_scores_by_subject ON quality_scores (namespace, dataset, scope, rule_set, run_id DESC);
DROP INDEX quality_scores_by_dataset;

CREATE TABLE quality_profiles (
    run_id    uuid NOT NULL,
    stage     integer NOT NULL,
    rule_set  text NOT NULL,
    namespace text NOT NULL,
    dataset   text NOT NULL,
    scope     text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    -- NULL: none was asked for.
    profile   jsonb,
    drift     jsonb,
    PRIMARY KEY (run_id, stage, rule_set)
) PARTITION BY RANGE (run_id);

-- So that a dataset is not asked for twice while one asks for it.
CREATE INDEX requests_checks ON requests (namespace, (args ->> 'dataset')) WHERE kind = 'check' AND state IN ('PENDING', 'RUNNING');
