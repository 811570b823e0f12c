"""One thing of many in one transaction: where it breaks, what it wrote is undone, the log says so, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from shared.dispatch.starting import Asked, Version, start
from shared.errors import PenstockError, UnavailableError
from shared.store.database import Tx
from shared.store.definitions import DefinitionMissing

# The store itself, which breaks the transaction with all that it holds; the loop begins again.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, UnavailableError)
log = logging.getLogger("scheduler")


@contextmanager
def apart(tx: Tx, what: str) -> Iterator[None]:
    """`what`: the beginning of a sentence that ends with "cannot be done now"."""
    try:
        with tx.transaction():
            yield
    except AWAY:
        raise
    except Exception:
        log.exception("%s cannot be done now", what)


def started(tx: Tx, version: Version, asked: Asked, environment: Mapping[str, str], run: str) -> PenstockError | None:
    """Makes the run; why it cannot be made, where it never can. Raises DefinitionMissing: a text may come back."""
    try:
        with tx.transaction():
            start(tx, version, asked, environment, run=run)
    except (*AWAY, DefinitionMissing):
        raise
    except PenstockError as error:
        return error
    except Exception as error:
        # A bug in one recipe's templates must not hold up all others; what was to start it says so.
        log.exception("the values of a run of %s/%s cannot be computed", version.namespace, version.pipeline)
        return PenstockError(f"its parameters and templates cannot be computed ({type(error).__name__}); this is a bug, please report it")
    return None
