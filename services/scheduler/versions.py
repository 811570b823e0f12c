"""What was saved, in Git: the leader keeps its repository and the remote's up to date, whatever the process that saved left undone.

In a thread of its own, since a remote may hang: no run waits for it, and no save.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from shared.errors import PenstockError
from shared.store import commits
from shared.store.database import Database
from shared.versions.push import Remote, push
from shared.versions.repository import Repository
from shared.versions.seal import seal

log = logging.getLogger("scheduler")
TICK_S = 1.0
# The longest wait between two tries at a remote that is away.
PATIENCE_S = 60.0
TIDY_EVERY_S = 3600.0


class Publisher(threading.Thread):
    """Does nothing while `leads` is not set."""

    def __init__(self, database: Database, repository: Repository, remote: Remote | None, every: timedelta) -> None:
        super().__init__(name="versions", daemon=True)
        self.leads = threading.Event()
        self._database, self._repository, self._remote, self._every_s = database, repository, remote, every.total_seconds()
        self._closed = False
        self._written: str | None = None
        self._pushed: str | None = None
        self._failures, self._next_push = 0, 0.0
        self._next_tidy = time.monotonic() + TIDY_EVERY_S

    def close(self) -> None:
        """Ends after what it does just now; a remote that hangs is not waited for."""
        self._closed = True
        self.leads.set()
        self.join(timeout=2 * TICK_S)

    def run(self) -> None:
        while self.leads.wait() and not self._closed:
            try:
                self._write()
                if self._remote is not None and self._written != self._pushed and time.monotonic() >= self._next_push:
                    self._push(self._remote)
            except PenstockError as error:
                log.warning("%s", error.message)
            except Exception:
                # A bug here must be seen, and must not end the thread: the next commit may pass.
                log.exception("the history could not be shown in Git")
            time.sleep(TICK_S)

    def _write(self) -> None:
        with self._database.transaction() as tx:
            seal(tx)
            newest = commits.head(tx)
        if newest is not None and time.monotonic() >= self._next_tidy and self._repository.folder.exists():
            self._repository.tidy()
            self._next_tidy = time.monotonic() + TIDY_EVERY_S
        if newest is not None and (newest.sha != self._written or not self._repository.folder.exists()):
            self._written = self._repository.catch_up(self._database)

    def _push(self, remote: Remote) -> None:
        try:
            self._pushed = push(self._repository.folder, remote, self._ours)
        except KeyError as error:
            log.warning("the repository %s lacks %s; writing it anew", self._repository.folder, error)
            self._repository.renew(self._database)
            return
        except PenstockError:
            self._failures += 1
            self._next_push = time.monotonic() + min(PATIENCE_S, self._every_s * 2.0**self._failures)
            raise
        self._failures, self._next_push = 0, time.monotonic() + self._every_s
        log.info("pushed %s to %s", (self._pushed or "")[:10], remote)

    def _ours(self, sha: str) -> bool:
        with self._database.transaction() as tx:
            return commits.number_of(tx, sha) is not None
