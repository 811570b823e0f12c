-- Who may call and as whom, what they have changed, and which call a run comes from.

-- NULL: made before this was kept, or by the installation itself.
ALTER TABLE tokens
    ADD COLUMN created_by   text,
    ADD COLUMN last_used_at timestamptz;

-- Of people who logged in with a token in the web app: as long as the token holds, and not beyond expires_at.
CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE,
    token_id   uuid NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_token ON sessions (token_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Each change that was asked for through the API, done or refused: one row for each namespace that it concerned.
-- Never what was sent: bodies hold secrets.
CREATE TABLE audit (
    id         uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- NULL: somebody who could not log in.
    token_id   uuid,
    token_name text,
    role       text,
    session_id uuid,
    address    text,
    method     text NOT NULL,
    -- The call, by the name of its function: runs.cancel.
    action     text NOT NULL,
    namespace  text,
    -- What is named by the address, or by whoever did it: `adults`, `Pipeline/adults Connector/db`.
    object     text,
    request_id text NOT NULL,
    -- Of HTTP, as it was answered.
    status     integer NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX audit_by_namespace ON audit (namespace, id);
CREATE INDEX audit_by_token ON audit (token_name, id);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_request ON audit (request_id);

-- The X-Request-ID of the call that made the run; NULL: no call did.
ALTER TABLE runs ADD COLUMN request_id text;
