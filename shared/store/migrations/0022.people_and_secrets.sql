-- People who log in at an OpenID provider are rows of `tokens`, too: what they may do, and what hangs on it (sessions, the audit log,
-- limits), is then as with a token. They have no secret of ours, so no hash.

ALTER TABLE tokens
    ALTER COLUMN hash DROP NOT NULL,
    ADD COLUMN issuer  text,
    -- As the provider calls them for good; names change.
    ADD COLUMN subject text,
    ADD CONSTRAINT tokens_person CHECK ((issuer IS NULL) = (subject IS NULL) AND (hash IS NULL) = (subject IS NOT NULL));
CREATE UNIQUE INDEX tokens_by_subject ON tokens (issuer, subject);

-- A credential that another store keeps says only where: `path` as that store has it, and nothing sealed here.
ALTER TABLE credentials
    ALTER COLUMN sealed DROP NOT NULL,
    ADD COLUMN store text NOT NULL DEFAULT 'database',
    ADD COLUMN path  text,
    ADD CONSTRAINT credentials_kept CHECK ((sealed IS NOT NULL) = (store = 'database') AND (path IS NULL) = (store = 'database'));
