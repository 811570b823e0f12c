"""Brings the store's tables to this release: the plain SQL files of `shared/store/migrations`, each applied once, in order, then
the partitions.

Runs before the services start, here and on a fleet (`python -m infra.local migrate`). Safe to run by several at once and again
after being killed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yoyo

import shared.store
from shared.errors import ConfigurationError
from shared.store import partitions
from shared.store.database import Database

_LOCK = "penstock.migrations"


class StoreIsNewer(ConfigurationError):
    """A later release has changed the tables; this one would write into them as they were."""

    code = "store_is_newer"


def migrate(database_url: str) -> list[str]:
    """Returns the names of the migrations it applied. Raises StoreIsNewer for a store with one that is not known here."""
    database = Database(database_url, name="penstock-migrate", size=1)
    try:
        with database.dedicated() as session:
            # yoyo's own lock is a row that outlives a killed process; ours goes with the session, so whoever holds it may clear that row.
            session.execute("SELECT pg_advisory_lock(hashtext(%s))", [_LOCK])
            applied = _apply(database_url)
            with session.transaction():
                partitions.ensure(session, datetime.now(UTC))
        return applied
    finally:
        database.close()


def _apply(database_url: str) -> list[str]:
    url = urlsplit(database_url)
    backend = yoyo.get_backend(urlunsplit(url._replace(scheme="postgresql+psycopg")))
    try:
        migrations = yoyo.read_migrations(str(Path(shared.store.__file__).parent / "migrations"))
        backend.break_lock()
        with backend.lock():
            due = backend.to_apply(migrations)
            known = {migration.id for migration in migrations}
            newer = sorted(name for (name,) in backend.execute("SELECT migration_id FROM _yoyo_migration").fetchall() if name not in known)
            if newer:
                raise StoreIsNewer(
                    f"the store was brought to a newer release ({newer[-1]}) than this one; start that release, or put back a backup"
                    " from before it"
                )
            backend.apply_migrations(due)
            return [migration.id for migration in due]
    finally:
        backend.connection.close()
