-- How far sources with `incremental` have been taken over. One run holds a cursor at a time. `value` and `remembered` are those of the last
-- window whose sinks are recorded; what the holder reads, `upto`, is fixed before it reads anything.
CREATE TABLE cursors (
    namespace          text NOT NULL,
    pipeline           text NOT NULL,
    node               text NOT NULL,
    -- As text of the cursor column's type; NULL: nothing was taken over yet.
    value              text,
    -- Of rows that a later window may hold again: the columns they are told apart by, and 16 bytes for each of them.
    columns            jsonb,
    remembered         bytea,
    held_by            uuid,
    -- Of the window that is being read: its name in destinations, its end, and the sinks that are not recorded yet.
    window_id          uuid,
    upto               text,
    awaiting           text[],
    -- An attempt may have written rows of it, recorded or not: the window then stays as it is, whichever run reads it.
    opened             boolean NOT NULL DEFAULT false,
    pending_columns    jsonb,
    pending_remembered bytea,
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, pipeline, node)
);
