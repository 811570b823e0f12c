"""The known causes, a module for each theme. A function takes the case and says what it makes of it, or None where it is something else."""
