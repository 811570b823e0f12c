-- A plan that must be approved before a run may be asked for by it, and who approved one, when and why.
ALTER TABLE shown_plans
    ADD COLUMN requires_approval boolean NOT NULL DEFAULT false,
    ADD COLUMN approved_by       text,
    ADD COLUMN approved_at       timestamptz,
    ADD COLUMN approval_reason   text;

-- Why its engine computes a node, as the plan says; NULL: there is no plan yet, or it was made before this was kept.
ALTER TABLE nodes ADD COLUMN engine_why text;
