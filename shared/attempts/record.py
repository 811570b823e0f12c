"""Writing down how an attempt ended, however long the store is away or others hold its rows, unless the stage is surely somebody else's by
then.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

import psycopg

from shared.errors import UnavailableError
from shared.store.database import Database, Tx

log = logging.getLogger(__name__)

T = TypeVar("T")
_WAITS_S = (0.1, 0.2, 0.5, 1.0)


def insist(database: Database, step: Callable[[Tx], T], give_up: threading.Event, *, copies: bool = False) -> T | None:
    """The step's result from the first transaction that commits; None when `give_up` is set first.

    The step must bear repetition: when a connection breaks in the commit, nobody knows whether it happened. All of ours are
    compare-and-set. Statements whose results nobody looks at leave together (a pipeline), since a stage costs a dozen of them;
    not those of a step that `copies`, which a pipeline cannot.
    """
    tries = 0
    while True:
        try:
            with database.transaction() as tx, nullcontext() if copies else tx.pipeline():
                return step(tx)
        except (UnavailableError, psycopg.errors.LockNotAvailable) as error:
            # Whoever holds a row for so long, a paused process perhaps, loses it in the end: nothing is wrong with the step.
            wait_s = _WAITS_S[min(tries, len(_WAITS_S) - 1)]
            tries += 1
            log.warning("waiting for the store: %s", error)
            if give_up.wait(wait_s):
                return None
