"""Which stages may connect now, where connectors allow only so many connections at once (maxConnections).

A free connection goes to whoever has waited longest; nobody overtakes, so nobody waits for ever. A stage that needs more than its
connector allows runs alone on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.store import connections
from shared.store.connections import Waiter
from shared.store.database import Tx
from shared.store.stages import StageRow


class Line:
    """Of all limited connectors: what is held, and who waits, the longest first; pure."""

    def __init__(self, limits: Mapping[str, int], held: Mapping[str, int], waiting: Sequence[Waiter]) -> None:
        self._limits, self._held, self._waiting = limits, Counter(held), list(waiting)

    def lacks(self, run: str, stage: int, needs: Sequence[str]) -> str | None:
        """A connector that has no room for this stage, those before it in line counted; None: it may connect, and counts as connected."""
        mine = next((at for at, one in enumerate(self._waiting) if (one.run, one.stage) == (run, stage)), len(self._waiting))
        before = Counter(name for one in self._waiting[:mine] for name in one.connectors)
        for name, count in Counter(name for name in needs if name in self._limits).items():
            used = self._held[name] + before[name]
            if used and used + count > self._limits[name]:
                return name
        self._held.update(needs)
        del self._waiting[mine : mine + 1]
        return None

    def first(self) -> list[str]:
        """Runs of which a stage may connect now, in line."""
        asking = list(self._waiting)
        return list(dict.fromkeys(one.run for one in asking if self.lacks(one.run, one.stage, one.connectors) is None))


class Door:
    """To the connections that stages of one run may have, in one transaction of whoever holds the run's row."""

    def __init__(self, tx: Tx, run: str, candidates: Sequence[StageRow]) -> None:
        self._tx, self._run = tx, run
        self._refused: dict[int, dict[str, Any]] = {}
        names = sorted({name for row in candidates for name in row.limited})
        self._limits = connections.lock_limits(tx, names) if names else {}
        self._line = Line(self._limits, connections.held(tx, names), connections.waiting(tx, names)) if names else Line({}, {}, [])

    def admits(self, row: StageRow) -> bool:
        """Whether it may connect now; it then counts as connected. To be asked once of each, and only where nothing else is in its way."""
        lacking = self._line.lacks(self._run, row.stage, row.limited)
        if lacking is not None:
            self._refused[row.stage] = _why(lacking, self._limits[lacking])
        return lacking is None

    def close(self) -> None:
        """Those that were refused stand in line from now on."""
        if self._refused:
            connections.wait(self._tx, self._run, self._refused)


def next_in_line(tx: Tx) -> list[str]:
    """Runs of which a stage that waited can connect now, the longest waiting first; to be looked at again under their locks."""
    limits = connections.limits(tx)
    if not limits:
        return []
    waiting = connections.waiting(tx, list(limits))
    return Line(limits, connections.held(tx, list(limits)), waiting).first() if waiting else []


def _why(connector: str, most: int) -> dict[str, Any]:
    many = f"{most} connections" if most > 1 else "one connection"
    return {"reason": "connector", "detail": f"connector {connector} allows {many} at once (maxConnections); others are before this stage"}
