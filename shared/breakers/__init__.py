"""Whether a connector may be called now: one circuit breaker each, shared by the fleet, kept in Redis.

pybreaker says what a failure and a success lead to (`circuit.py`, over keys that its own Redis storage has too: `storage.py`). What it
leaves open is decided by scripts that Redis runs as one step (`scripts.py`): who may call. As it is, pybreaker lets everybody through once
the time is over, and any number of calls at once before the failures of any of them are known. A connector's breaker is asked before an
attempt that uses it and told of its end by whoever runs the attempt (`shared.attempts.breakers`); the API shows and resets it (`shown.py`).

Redis is a doorbell and may be away, or come back empty: callers then go on as if all were well, and say so.
"""

from shared.breakers.circuit import Admission, Change, Circuit
from shared.breakers.rules import DEFAULTS, Rules
from shared.breakers.shown import Standing, reset, standings

__all__ = ["DEFAULTS", "Admission", "Change", "Circuit", "Rules", "Standing", "reset", "standings"]
