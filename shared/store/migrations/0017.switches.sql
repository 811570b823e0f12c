-- Whether the pipeline starts by itself: its version in force and the people taken together, as `sync` found it; NULL: no version is.
ALTER TABLE resources ADD COLUMN enabled boolean;
-- So that it is found for those, too, whose triggers are in force already.
UPDATE resources SET triggers_of = NULL WHERE kind = 'Pipeline' AND deleted_at IS NULL;

-- Why a person has switched it.
ALTER TABLE switches ADD COLUMN reason text;

-- Missed fire times that wait for their turn.
CREATE INDEX firings_behind ON firings (trigger_id, key) WHERE outcome = 'behind';
-- For forgetting the oldest.
CREATE INDEX firings_by_age ON firings USING brin (at);
