"""Runs the stages of runs: surveys and work."""
