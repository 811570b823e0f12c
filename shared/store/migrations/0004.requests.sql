-- What the API needs from a worker (a look at a source, later check, discover, preview), and plans that people looked at.

CREATE TABLE requests (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    namespace  text NOT NULL,
    args       jsonb NOT NULL,
    state      text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED')),
    sent_at    timestamptz,
    worker     text,
    reply      jsonb,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE INDEX requests_open ON requests (created_at) WHERE state = 'PENDING';
CREATE INDEX requests_expired ON requests (expires_at);

CREATE TABLE shown_plans (
    id           uuid PRIMARY KEY,
    namespace    text NOT NULL,
    pipeline     text NOT NULL,
    version      integer NOT NULL,
    git_commit_sha text,
    parameters   jsonb NOT NULL,
    logical_date timestamptz NOT NULL,
    fingerprint  text,
    plan         jsonb NOT NULL,
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX shown_plans_by_age ON shown_plans (created_at);
