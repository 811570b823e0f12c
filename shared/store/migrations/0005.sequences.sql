-- Numbers that go on from run to run (sequence_generator, persistent). One run holds a sequence at a time; what it took is `pending` until
-- the success of a sink that its numbers reached is recorded.
CREATE TABLE sequences (
    namespace  text NOT NULL,
    pipeline   text NOT NULL,
    node       text NOT NULL,
    -- The first number that no recorded sink has.
    next_value bigint NOT NULL,
    held_by    uuid,
    pending    bigint,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, pipeline, node)
);
