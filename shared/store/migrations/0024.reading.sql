-- What people read of a large store, without reading the rest of it.

-- Dead letters in the order in which they are shown, so that a page of a run that rejected a hundred thousand rows reads a page; and one by
-- one, as they are corrected: their ids say nothing of the run.
CREATE INDEX dead_letters_in_order ON dead_letters (run_id, stage, node, (coalesce(position, 0)), id);
CREATE INDEX dead_letters_by_id ON dead_letters (id);
-- Those that somebody has dealt with; a letter that is written costs it nothing.
CREATE INDEX dead_letters_dealt_with ON dead_letters (state, run_id, stage, node, (coalesce(position, 0)), id) WHERE state <> 'open';

-- Runs by several of these at once, that are all frequent and together rare: those that do not fit are passed over in the index.
CREATE INDEX runs_in_order ON runs (id, namespace, pipeline, status, (trigger ->> 'type'));
