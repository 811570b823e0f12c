"""Where a relation is computed. `program` and `work` are pure; a folder per engine holds its driver, which only worker and quality load."""
