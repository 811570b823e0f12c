"""What follows from the end of a run, drawn once for each end: a table of conclusions, in the order in which they are drawn."""

from __future__ import annotations

from collections.abc import Callable

from services.scheduler.after import after
from services.scheduler.apart import apart
from services.scheduler.backfills import told
from services.scheduler.count import count
from services.scheduler.dependencies import dependents
from services.scheduler.lineage import end
from services.scheduler.notify import tell
from services.scheduler.profiles import profile
from services.scheduler.settings import Settings
from services.scheduler.tracing import span_of
from services.scheduler.turn import turn
from shared.kill_points import kill_point
from shared.process import traces
from shared.store import endings
from shared.store.database import Database, Tx
from shared.store.endings import Ending

AT_ONCE = 100
# Each writes only to the store, in the transaction that takes the ending away: so it happens once.
CONCLUSIONS: tuple[Callable[[Tx, Ending, Settings], None], ...] = (told, dependents, after, tell, profile, count, end)


def conclude(database: Database, settings: Settings) -> bool:
    """True while there may be more."""
    spans = []
    with turn(database) as tx:
        if not endings.mine(tx):
            return False
        found = endings.take(tx, AT_ONCE)
        done = []
        for ending in found:
            # One that cannot be concluded stays, and is tried again; the doctor tells of it when that takes long.
            with apart(tx, f"what follows from the end of run {ending.run}"):
                for conclusion in CONCLUSIONS:
                    conclusion(tx, ending, settings)
                span = span_of(tx, ending)
                done.append(ending.id)
                spans.append(span)
        endings.drop(tx, done)
        if done:
            kill_point("scheduler.concluding")
    for span in spans:
        if span is not None:
            traces.send(span)
    return len(found) == AT_ONCE and bool(done)
