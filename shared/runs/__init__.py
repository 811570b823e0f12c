"""The life of a run: its states, the legal steps between them, and when a failed stage is tried again. Pure."""
