-- What people do with rejected rows: correct them, waive them, run them again.

ALTER TABLE dead_letters
    -- row (an expression failed), line (of a file, that became no row), quality (a rule was broken), sink (the destination did not take it).
    ADD COLUMN kind text NOT NULL DEFAULT 'row' CHECK (kind IN ('row', 'line', 'quality', 'sink')),
    -- The rule that was broken, or the destination's constraint.
    ADD COLUMN rule text,
    -- As somebody corrected it.
    ADD COLUMN record jsonb,
    -- The run that replays it, or did.
    ADD COLUMN replay_run uuid,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text,
    ADD CONSTRAINT dead_letters_state CHECK (state IN ('open', 'fixed', 'replayed', 'waived'));

CREATE INDEX dead_letters_by_replay ON dead_letters (replay_run) WHERE replay_run IS NOT NULL;
