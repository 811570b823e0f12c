"""A connector that keeps each table as one Arrow file."""
