"""Sessions of the web app: who logged in with a token, and till when. Only hashes of what the browser keeps are stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.store.tokens import hashed


def begin(tx: Tx, value: str, token_id: str, lasts: timedelta) -> str:
    """Its id. `value`: the 256 random bits that the browser keeps. It ends with its token, too."""
    session = new_id()
    tx.execute(
        """
        INSERT INTO sessions (id, hash, token_id, expires_at)
        SELECT %(id)s, %(hash)s, id, least(now() + %(lasts)s, expires_at) FROM tokens WHERE id = %(token)s
        """,
        {"id": session, "hash": hashed(value), "token": token_id, "lasts": lasts},
    )
    return session


def find(tx: Tx, value: str) -> dict[str, Any] | None:
    """{session_id, session_ends_at} of a session that holds now, and of its token what `tokens.find` gives; the token is used by it."""
    return tx.execute(
        """
        SELECT s.id::text AS session_id, s.expires_at AS session_ends_at, t.id::text AS id, t.name, t.role, t.namespaces, t.expires_at,
               coalesce(t.last_used_at < now() - interval '1 minute', true) AS unmarked
          FROM sessions s JOIN tokens t ON t.id = s.token_id
         WHERE s.hash = %(hash)s AND s.expires_at > now() AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
        """,
        {"hash": hashed(value)},
    ).fetchone()


def end(tx: Tx, session: str) -> None:
    """Ending one that has ended does nothing."""
    tx.execute("DELETE FROM sessions WHERE id = %(id)s", {"id": session})


def prune(tx: Tx) -> None:
    """Those that have ended."""
    tx.execute("DELETE FROM sessions WHERE expires_at < now()")
