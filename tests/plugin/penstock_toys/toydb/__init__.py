"""A database of the toys' own make: SQLite underneath, and a dialect of its own."""
