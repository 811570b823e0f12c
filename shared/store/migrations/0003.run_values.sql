-- What a run is for, and the values of its parameters and templates with their types, computed once, when it was made; null where its recipe
-- has none.
ALTER TABLE runs ADD COLUMN data_interval_start timestamptz, ADD COLUMN data_interval_end timestamptz, ADD COLUMN run_values jsonb;
