-- What webhooks were sent, one row for each delivery whose sender was known. Beside these, a firing and a run where it started one.
CREATE TABLE deliveries (
    trigger_id  uuid NOT NULL,
    id          uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- What makes it the same as another: the sender's word for it (`id:…`, `key:…`), else its own id.
    key         text NOT NULL,
    -- Of one that was signed without an id: nobody may send that again.
    signature   text,
    -- SHA-256: the same key with another body is no repetition.
    body_hash   bytea NOT NULL,
    size_bytes  bigint NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('accepted', 'pending', 'parked', 'rejected', 'refused')),
    -- Why it was refused; who released or rejected it.
    detail      jsonb NOT NULL DEFAULT '{}',
    run_id      uuid,
    parameters  jsonb NOT NULL DEFAULT '{}',
    -- Of `rows: payload`: as lines of JSON, kept as long as the run can be asked for again.
    rows        bigint,
    content     text,
    -- Of one that a person is to look at.
    body        text,
    -- Of one that shares a run with others: when that is made.
    closes_at   timestamptz,
    repeats     integer NOT NULL DEFAULT 0,
    repeated_at timestamptz,
    PRIMARY KEY (trigger_id, id),
    UNIQUE (trigger_id, key)
);
CREATE UNIQUE INDEX deliveries_signed ON deliveries (trigger_id, signature) WHERE signature IS NOT NULL;
CREATE INDEX deliveries_of_runs ON deliveries (run_id) WHERE content IS NOT NULL AND run_id IS NOT NULL;
CREATE INDEX deliveries_to_close ON deliveries (closes_at) WHERE outcome = 'pending';

-- Deliveries that were not let in, by day. Nothing else of them is kept.
CREATE TABLE forged (
    trigger_id uuid NOT NULL,
    day        date NOT NULL,
    deliveries bigint NOT NULL,
    PRIMARY KEY (trigger_id, day)
);

-- A row of triggers never goes. The check would lock it for each delivery, and wait behind whoever holds it to fire.
ALTER TABLE firings DROP CONSTRAINT firings_trigger_id_fkey;
