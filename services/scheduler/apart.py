"""One thing of many in one transaction: where it breaks, what it wrote is undone, the log says so, and the others go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from shared.dispatch.starting import Asked, New, Version, create, prepared
from shared.errors import PenstockError, UnavailableError
from shared.store.database import Tx
from shared.store.definitions import DefinitionMissing

# The store itself, which breaks the transaction with all that it holds; the loop begins again.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, UnavailableError)
# What is tried again each second is told of so often.
_TOLD_EVERY_S = 60.0
_told_at: dict[str, float] = {}
log = logging.getLogger("scheduler")


@contextmanager
def apart(tx: Tx, what: str) -> Iterator[None]:
    """`what`: the beginning of a sentence that ends with "cannot be done now", which the log says once a minute."""
    try:
        with tx.transaction():
            yield
    except AWAY:
        raise
    except Exception:
        if _to_be_told(what, time.monotonic()):
            log.exception("%s cannot be done now", what)


def _to_be_told(what: str, now_s: float) -> bool:
    for old in [one for one, at in _told_at.items() if at <= now_s - _TOLD_EVERY_S]:
        del _told_at[old]
    return _told_at.setdefault(what, now_s) == now_s


def made(tx: Tx, version: Version, asked: Asked, environment: Mapping[str, str], run: str) -> New | PenstockError:
    """A run that is about to be made, or why it never can be. Raises AWAY and DefinitionMissing: a text may come back."""
    try:
        return prepared(tx, version, asked, environment, run=run)
    except (psycopg.Error, UnavailableError, DefinitionMissing):
        raise
    except PenstockError as error:
        return error
    except Exception as error:
        # A bug in one recipe's templates must not hold up all others; what was to start it says so.
        log.exception("the values of a run of %s/%s cannot be computed", version.namespace, version.pipeline)
        return PenstockError(f"its parameters and templates cannot be computed ({type(error).__name__}); this is a bug, please report it")


def started(tx: Tx, version: Version, asked: Asked, environment: Mapping[str, str], run: str) -> PenstockError | None:
    """Makes the run, or says why it never can be made. Raises as `made`."""
    try:
        with tx.transaction():
            found = made(tx, version, asked, environment, run)
            if isinstance(found, PenstockError):
                return found
            create(tx, [found])
    except AWAY:
        raise
    except psycopg.Error as error:
        log.exception("a run of %s/%s cannot be written", version.namespace, version.pipeline)
        return PenstockError(f"its run cannot be written ({type(error).__name__}); this is a bug, please report it")
    return None
