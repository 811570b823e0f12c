"""Starts and plans runs, and recovers what was lost. Any number may run; the time-driven part has one leader."""
