"""The embedded default's first token: made once, kept in the state folder for its owner alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from shared.store import tokens
from shared.store.database import Database


def ensure_admin_token(database: Database, home: Path) -> None:
    path = home / "api.token"
    if not path.exists():
        draft = path.with_name(f"api.token.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"pst_{secrets.token_urlsafe(32)}\n")
        # A link never replaces the token another process just made.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    with database.transaction() as tx:
        tokens.put(tx, path.read_text().strip(), "admin", "admin")
