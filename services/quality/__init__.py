"""Measures what was written: verdicts per rule and a score, each in a stage of kind check."""
