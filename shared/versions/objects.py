"""Git's objects as values: what a text, a folder and a commit are to Git, and so their shas. Pure.

A file lies at `{namespace}/{kind}/{name}.yaml`. Names that Git or a checkout could take for something else (`..`, `.git`, a slash) are
percent-encoded: a draft's name may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from dulwich.objects import Blob, Commit, ObjectID, Tree

FOLDER, FILE = 0o040000, 0o100644
# The platform itself, which makes the commits that people author.
COMMITTER = "Penstock <penstock@penstock>"


def path_of(kind: str, namespace: str, name: str) -> str:
    return "/".join((_safe(namespace), _safe(kind), f"{_safe(name)}.yaml"))


def _safe(part: str) -> str:
    quoted = quote(part, safe="")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted or "%00"


def blob(text: str) -> Blob:
    return Blob.from_string(text.encode())


def tree(entries: Mapping[str, str], *, leaves: bool) -> Tree:
    """Of name -> sha; `leaves`: they are files, else folders."""
    made = Tree()
    for name, sha in entries.items():
        made.add(name.encode(), FILE if leaves else FOLDER, ObjectID(sha.encode()))
    return made


@dataclass(frozen=True, slots=True)
class Step:
    """One folder on the way to a file: in `folder`, `name` is now `sha` (None: it is gone), which makes the folder `tree`."""

    folder: str
    name: str
    sha: str | None
    tree: Tree


def folders_of(path: str) -> tuple[str, ...]:
    """The folders on the way to a file, the root ('') first."""
    names = path.split("/")[:-1]
    return tuple("/".join(names[:depth]) for depth in range(len(names) + 1))


class Files:
    """The tree of the newest commit, read folder by folder as far as it is needed, and carried on from commit to commit.

    `read` gives name -> sha for each folder it is asked for, empty for one that is not there.
    """

    def __init__(self, read: Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]) -> None:
        self._read = read
        self._folders: dict[str, dict[str, str]] = {}

    def put(self, path: str, blob_sha: str | None) -> tuple[Step, ...]:
        """What putting a file there (or, with None, taking it away) makes of the folders on the way; the root's step is the last.

        A folder that is left empty goes too: Git knows no empty folders.
        """
        way, names = folders_of(path), path.split("/")
        if missing := [folder for folder in way if folder not in self._folders]:
            self._folders |= {folder: dict(entries) for folder, entries in self._read(missing).items()}
        steps, child = [], blob_sha
        for depth, folder in reversed(list(enumerate(way))):
            entries = self._folders[folder]
            if child is None:
                entries.pop(names[depth], None)
            else:
                entries[names[depth]] = child
            made = tree(entries, leaves=depth == len(names) - 1)
            steps.append(Step(folder, names[depth], child, made))
            child = sha(made) if entries else None
        return tuple(steps)


def commit(*, tree: str, parent: str | None, author: str, message: str, at: datetime) -> Commit:
    """`author` is an `identity`; `at` is kept to the second, in UTC, as Git keeps it.

    Every sha that was ever given out depends on each byte made here: what this function writes must not change.
    """
    made = Commit()
    made.tree = ObjectID(tree.encode())
    made.parents = [ObjectID(parent.encode())] if parent else []
    made.author, made.committer = author.encode(), COMMITTER.encode()
    made.author_time = made.commit_time = int(at.timestamp())
    made.author_timezone = made.commit_timezone = 0
    made.encoding = None
    made.message = message.rstrip("\n").encode() + b"\n"
    return made


def identity(author: str) -> str:
    """`name <address>`, without the characters that end a name or a line in Git's format."""
    name = " ".join(re.sub(r"[<>\x00-\x1f]", " ", author).split()).strip(" .,:;\"'") or "unknown"
    address = (
        name if re.fullmatch(r"[^\s@]+@[^\s@]+", name) else f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-') or 'unknown'}@penstock"
    )
    return f"{name} <{address}>"


def sha(made: Blob | Tree | Commit) -> str:
    return made.id.decode()
