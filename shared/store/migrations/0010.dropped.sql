-- What a process could not tell of runs since it began, since its buffer was full or the store away: {progress, samples, lines}.
ALTER TABLE workers ADD COLUMN dropped jsonb NOT NULL DEFAULT '{}';
