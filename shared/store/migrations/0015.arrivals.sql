-- What file triggers have seen: a row for each path, as it was found last. Which versions have had their runs is said by `firings`.
CREATE TABLE arrivals (
    trigger_id  uuid NOT NULL REFERENCES triggers (id),
    path        text NOT NULL,
    -- Size, time of change and tag in one text; another one means that the file has changed.
    version     text NOT NULL,
    size_bytes  bigint NOT NULL,
    modified_at timestamptz,
    checksum    text,
    -- Its done marker is there, or it needs none.
    ready       boolean NOT NULL,
    -- When this version was first seen.
    since       timestamptz NOT NULL,
    -- The version that has been dealt with.
    handled     text,
    run_id      uuid,
    -- It had its run after a file that is younger.
    late        boolean NOT NULL DEFAULT false,
    -- Another path, seen before, with the same content.
    same_as     text,
    gone_at     timestamptz,
    PRIMARY KEY (trigger_id, path)
);
CREATE INDEX arrivals_waiting ON arrivals (trigger_id, since) WHERE gone_at IS NULL AND handled IS DISTINCT FROM version;
CREATE INDEX arrivals_by_content ON arrivals (trigger_id, checksum, size_bytes) WHERE checksum IS NOT NULL;

-- The request by which a worker has been asked to look; what an older one found does not count any more.
ALTER TABLE triggers ADD COLUMN asked uuid;
