"""API tokens, of which only the hashes are kept; and people who log in elsewhere, who have none but are rows beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.store.database import Tx
from shared.store.identifiers import new_id


def hashed(secret: str) -> bytes:
    # A token is 256 random bits, so a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(secret.encode()).digest()


def put(tx: Tx, token: str, name: str, role: str, namespaces: list[str] | None = None) -> None:
    """Idempotent: the same token stays one row."""
    tx.execute(
        "INSERT INTO tokens (id, name, hash, role, namespaces)"
        " VALUES (%(id)s, %(name)s, %(hash)s, %(role)s, %(ns)s) ON CONFLICT (hash) DO NOTHING",
        {"id": new_id(), "name": name, "hash": hashed(token), "role": role, "ns": namespaces},
    )


def find(tx: Tx, token: str) -> dict[str, Any] | None:
    """{id, name, role, namespaces, expires_at, unmarked} of a token that holds now. `unmarked`: `used` has something to write."""
    return tx.execute(
        "SELECT id::text AS id, name, role, namespaces, expires_at,"
        " coalesce(last_used_at < now() - interval '1 minute', true) AS unmarked FROM tokens"
        " WHERE hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        {"hash": hashed(token)},
    ).fetchone()


def person(tx: Tx, issuer: str, subject: str, name: str, role: str, namespaces: Sequence[str] | None) -> dict[str, Any] | None:
    """The row, as `find` gives it, of somebody who logged in elsewhere; what he may do is from now on what is said here, in sessions that
    he has already, too. None: he was shut out here.
    """
    return tx.execute(
        """
        INSERT INTO tokens (id, name, role, namespaces, issuer, subject)
        VALUES (%(id)s, %(name)s, %(role)s, %(namespaces)s, %(issuer)s, %(subject)s)
        ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name, role = excluded.role, namespaces = excluded.namespaces
         WHERE tokens.revoked_at IS NULL
        RETURNING id::text AS id, name, role, namespaces, expires_at, true AS unmarked
        """,
        {
            "id": new_id(),
            "name": name,
            "role": role,
            "namespaces": list(namespaces) if namespaces is not None else None,
            "issuer": issuer,
            "subject": subject,
        },
    ).fetchone()


def holds(tx: Tx, token_id: str, session: str | None, namespaces: Sequence[str] | None) -> bool:
    """Whether what a call began with still holds: the token with its namespaces, which of a person may change, and the session where there
    was one.
    """
    row = tx.execute(
        """
        SELECT EXISTS (SELECT FROM tokens WHERE id = %(id)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
                                            AND namespaces IS NOT DISTINCT FROM %(namespaces)s::text[])
               AND (%(session)s::uuid IS NULL OR EXISTS (SELECT FROM sessions WHERE id = %(session)s AND expires_at > now())) AS holds
        """,
        {"id": token_id, "session": session, "namespaces": list(namespaces) if namespaces is not None else None},
    ).fetchone()
    return bool(row and row["holds"])


def used(tx: Tx, token_id: str) -> None:
    """That it was used just now; written once a minute at most."""
    tx.execute(
        "UPDATE tokens SET last_used_at = now() WHERE id = %(id)s AND coalesce(last_used_at < now() - interval '1 minute', true)",
        {"id": token_id},
    )


_SHOWN = "id::text AS id, name, role, namespaces, created_at, created_by, last_used_at, expires_at, revoked_at, issuer, subject"
# A token that is limited to namespaces sees those that are limited to some of them, and no others.
_WITHIN = "(%(within)s::text[] IS NULL OR namespaces <@ %(within)s)"
_HOLDS = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"


def create(
    tx: Tx, token: str, name: str, role: str, *, namespaces: Sequence[str] | None, expires_at: datetime | None, by: str
) -> dict[str, Any]:
    """Its row, without the token."""
    row = tx.execute(
        f"""
        INSERT INTO tokens (id, name, hash, role, namespaces, expires_at, created_by)
        VALUES (%(id)s, %(name)s, %(hash)s, %(role)s, %(namespaces)s, %(expires_at)s, %(by)s) RETURNING {_SHOWN}
        """,  # noqa: S608 (columns of ours)
        {
            "id": new_id(),
            "name": name,
            "hash": hashed(token),
            "role": role,
            "namespaces": list(namespaces) if namespaces is not None else None,
            "expires_at": expires_at,
            "by": by,
        },
    ).fetchone()
    assert row is not None
    return row


def page(tx: Tx, *, within: Sequence[str] | None, before: str | None, limit: int, ended: bool) -> list[dict[str, Any]]:
    """Newest first, after the token `before`. `within`: the namespaces of who looks; None: all. `ended`: also what holds no more."""
    return list(
        tx.execute(
            f"""
            SELECT {_SHOWN} FROM tokens
             WHERE {_WITHIN} AND (%(before)s::uuid IS NULL OR id < %(before)s) AND (%(ended)s OR {_HOLDS})
             ORDER BY tokens.id DESC LIMIT %(limit)s
            """,  # noqa: S608 (columns of ours)
            {"within": list(within) if within is not None else None, "before": before, "limit": limit, "ended": ended},
        )
    )


def lock(tx: Tx, token_id: str, *, within: Sequence[str] | None) -> dict[str, Any] | None:
    """The row of one, for its revocation. None where there is none that somebody of these namespaces sees. One after the other: the last
    that may do everything must not go, and each of two would see the other."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('penstock.tokens'))")
    return tx.execute(
        f"SELECT {_SHOWN} FROM tokens WHERE id = %(id)s AND {_WITHIN}",  # noqa: S608 (columns of ours)
        {"id": token_id, "within": list(within) if within is not None else None},
    ).fetchone()


def is_last(tx: Tx, token_id: str) -> bool:
    """No other token that holds for good may do everything everywhere. Of a token that may not itself: False. People do not count: whether
    they can log in is decided elsewhere.
    """
    row = tx.execute(
        f"""
        SELECT count(*) FILTER (WHERE id = %(id)s) = 1 AND count(*) = 1 AS last FROM tokens
         WHERE role = 'admin' AND namespaces IS NULL AND subject IS NULL AND {_HOLDS} AND (expires_at IS NULL OR id = %(id)s)
        """,  # noqa: S608 (columns of ours)
        {"id": token_id},
    ).fetchone()
    return bool(row and row["last"])


def revoke(tx: Tx, token_id: str) -> None:
    """Sessions of it end with it. A token that was revoked stays so; a person may be let in again."""
    tx.execute("UPDATE tokens SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL", {"id": token_id})


def readmit(tx: Tx, token_id: str) -> None:
    """Somebody who was shut out may log in again; his sessions have ended. Does nothing to a token."""
    tx.execute("DELETE FROM sessions WHERE token_id = %(id)s", {"id": token_id})
    tx.execute("UPDATE tokens SET revoked_at = NULL WHERE id = %(id)s AND subject IS NOT NULL", {"id": token_id})
