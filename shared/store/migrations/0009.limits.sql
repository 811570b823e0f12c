-- When a run came into the queue (again: a person may ask for one that has ended), and its time limit, which counts from each start.
ALTER TABLE runs ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN timeout_s double precision;

-- Which connectors each stage connects to, by full name, once for each connection; and of one that must wait for a free connection, since
-- when, and what is said of it.
ALTER TABLE stages ADD COLUMN connectors text[] NOT NULL DEFAULT '{}', ADD COLUMN waiting_since timestamptz, ADD COLUMN waiting_for jsonb;
CREATE INDEX stages_waiting ON stages (waiting_since) WHERE waiting_since IS NOT NULL;

-- maxConnections of connectors that have one. Its row is the lock under which connections are given out.
CREATE TABLE connector_limits (
    connector text PRIMARY KEY,
    most      integer NOT NULL CHECK (most > 0)
);
