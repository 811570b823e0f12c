"""Gives every version that was saved its commit, in the transaction that saves it.

Only computes and records: nothing is written to a repository before the transaction has committed, so a save that fails leaves nothing
behind in Git, and one that succeeded cannot lack its commit. Called by the API after it has saved or deleted, and by the scheduler's
leader, for versions that were saved before there were commits.
"""

from __future__ import annotations

from datetime import UTC, datetime

from shared.store import commits
from shared.store.commits import Commit
from shared.store.database import Tx
from shared.versions import objects


def seal(tx: Tx) -> dict[tuple[str, int], str]:
    """(uid, version) -> sha of the commits it made, one for each version that had none, in the order of their saving."""
    if not commits.uncommitted(tx):
        return {}
    chain, made = _Chain(tx), {}
    # Again, since another may have sealed old versions while we waited.
    for row in commits.uncommitted(tx):
        address = (row["kind"], row["namespace"], row["name"])
        message = row["message"] or f"Save {_named(address)}, version {row['version']}"
        made[row["uid"], row["version"]] = chain.commit(
            row["uid"], address, row["version"], row["document"], author=row["author"], message=message, at=row["at"]
        )
        if row["deleted"]:
            chain.commit(row["uid"], address, None, None, author=row["author"], message=f"Delete {_named(address)}", at=row["at"])
    return made


def seal_deletion(tx: Tx, *, uid: str, kind: str, namespace: str, name: str, author: str, message: str) -> str:
    """The sha of the commit that takes the resource's file away."""
    seal(tx)
    address = (kind, namespace, name)
    return _Chain(tx).commit(uid, address, None, None, author=author, message=message or f"Delete {_named(address)}", at=datetime.now(UTC))


# Kind, namespace, name.
_Address = tuple[str, str, str]


def _named(address: _Address) -> str:
    return f"{address[0]} {address[1]}/{address[2]}"


class _Chain:
    """Its end, which nobody else moves until the transaction ends."""

    def __init__(self, tx: Tx) -> None:
        commits.lock(tx)
        self._tx = tx
        self._head = commits.head(tx)
        self._files = objects.Files(lambda folders: commits.entries(tx, folders))

    def commit(
        self, uid: str, address: _Address, version: int | None, document: str | None, *, author: str, message: str, at: datetime
    ) -> str:
        head, path, author = self._head, objects.path_of(*address), objects.identity(author)
        steps = self._files.put(path, objects.sha(objects.blob(document)) if document is not None else None)
        for step in steps:
            commits.put_entry(self._tx, step.folder, step.name, step.sha)
        # Transactions begin in another order than they take the lock; time along the chain does not go back.
        at = (max(at, head.at) if head else at).replace(microsecond=0)
        parent = head.sha if head else None
        sha = objects.sha(objects.commit(tree=objects.sha(steps[-1].tree), parent=parent, author=author, message=message, at=at))
        self._head = Commit(head.number + 1 if head else 1, sha, parent, uid, version, path, author, message, at)
        commits.insert(self._tx, self._head)
        return sha
