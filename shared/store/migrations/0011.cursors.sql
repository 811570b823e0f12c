-- Where what is remembered of a cursor's rows begins, and what its value is of: {connector, table, column}, so that another column is not
-- compared with it; each with that of the window that is being read. `opened_as`: under which name rows of the open window may have been
-- written. All are NULL in rows of older releases, which go on as they were.
ALTER TABLE cursors
    ADD COLUMN floor         text,
    ADD COLUMN pending_floor text,
    ADD COLUMN reads         jsonb,
    ADD COLUMN pending_reads jsonb,
    ADD COLUMN opened_as     text;
