"""When a run is due. Pure: what a schedule says, and whether it ever fires."""
