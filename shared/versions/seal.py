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
    commits.lock(tx)
    made = {}
    # Again, since another may have sealed old versions while we waited.
    for row in commits.uncommitted(tx):
        path = objects.path_of(row["kind"], row["namespace"], row["name"])
        message = row["message"] or f"Save {row['kind']} {row['namespace']}/{row['name']}, version {row['version']}"
        made[row["uid"], row["version"]] = _commit(
            tx, row["uid"], row["version"], path, row["document"], row["author"], message, row["at"]
        ).sha
        if row["deleted"]:
            _commit(tx, row["uid"], None, path, None, row["author"], _deletion(row["kind"], row["namespace"], row["name"]), row["at"])
    return made


def seal_deletion(tx: Tx, *, uid: str, kind: str, namespace: str, name: str, author: str, message: str) -> str:
    """The sha of the commit that takes the resource's file away."""
    seal(tx)
    commits.lock(tx)
    path = objects.path_of(kind, namespace, name)
    return _commit(tx, uid, None, path, None, author, message or _deletion(kind, namespace, name), datetime.now(UTC)).sha


def _deletion(kind: str, namespace: str, name: str) -> str:
    return f"Delete {kind} {namespace}/{name}"


def _commit(tx: Tx, uid: str, version: int | None, path: str, document: str | None, author: str, message: str, at: datetime) -> Commit:
    head = commits.head(tx)
    blob = objects.sha(objects.blob(document)) if document is not None else None
    steps = objects.changed(commits.entries(tx, objects.folders_of(path)), path, blob)
    for step in steps:
        commits.put_entry(tx, step.folder, step.name, step.sha)
    # Transactions begin in another order than they take the lock; time along the chain does not go back.
    at = max(at, head.at) if head else at
    at = at.replace(microsecond=0)
    parent, author = head.sha if head else None, objects.identity(author)
    made = objects.commit(tree=objects.sha(steps[-1].tree), parent=parent, author=author, message=message, at=at)
    commit = Commit(head.number + 1 if head else 1, objects.sha(made), parent, uid, version, path, author, message, at)
    commits.insert(tx, commit)
    return commit
