-- The chain of commits that Git shows: PostgreSQL holds it, a repository is written from it.

-- In which order versions were saved, also within one transaction.
ALTER TABLE resource_versions ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX resource_versions_uncommitted ON resource_versions (position) WHERE git_commit_sha IS NULL;

CREATE TABLE commits (
    -- 1, 2, 3 … along the chain, without a hole.
    number  bigint PRIMARY KEY,
    sha     text NOT NULL UNIQUE,
    parent  text REFERENCES commits (sha),
    uid     uuid NOT NULL REFERENCES resources (uid),
    -- NULL: the resource was deleted.
    version integer,
    -- As they stand in the commit; kept because the sha depends on every byte of it.
    path    text NOT NULL,
    author  text NOT NULL,
    message text NOT NULL,
    at      timestamptz NOT NULL,
    FOREIGN KEY (uid, version) REFERENCES resource_versions (uid, version)
);

-- The tree of the newest commit, an entry a row; folder '' is its root, and the sha of a folder is that of its tree.
CREATE TABLE commit_tree (
    folder text NOT NULL,
    name   text NOT NULL,
    sha    text NOT NULL,
    PRIMARY KEY (folder, name)
);

-- NULL: the text is kept elsewhere (PENSTOCK_DEFINITIONS).
ALTER TABLE resource_versions ALTER COLUMN document DROP NOT NULL;
