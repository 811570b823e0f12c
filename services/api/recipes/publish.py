"""What was saved, shown in Git at once where that can be done; where not, the scheduler's leader or the next save does it."""

from __future__ import annotations

import logging

from flask import current_app

from services.api.auth import database
from shared.errors import PenstockError
from shared.versions.repository import Repository

log = logging.getLogger(__name__)
# A save is answered though another process is writing a long history just now.
WAIT_S = 5.0


def publish() -> None:
    """Called after the transaction has committed. Never fails: the record is PostgreSQL's."""
    repository: Repository | None = current_app.extensions["penstock.repository"]
    if repository is None:
        return
    try:
        repository.catch_up(database(), WAIT_S)
    except PenstockError as error:
        log.warning("saved, and not yet in Git: %s", error.message)
    except Exception:
        # What is saved is saved: a bug here must be seen, and must not be the answer to a save that was done.
        log.exception("saved, and not yet in Git")
