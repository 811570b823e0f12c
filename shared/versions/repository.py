"""A bare Git repository that shows the chain of commits, written from PostgreSQL.

One writer at a time in a folder (a file lock, which goes with its process). It carries on from wherever the last one stopped: objects come
before the ref that names them, so a killed writer leaves at most objects that nothing names yet, and lock files, which are cleared. A
repository that is missing, damaged, or of another chain (a store restored from a backup) is written anew beside, and put in its place.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dulwich.errors import ChecksumMismatch, FileFormatException, NotGitRepository
from dulwich.file import FileLocked
from dulwich.objects import Commit as GitCommit
from dulwich.objects import ObjectID, ShaFile, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from shared.errors import PenstockError, UnavailableError
from shared.store import commits
from shared.store.commits import Commit
from shared.store.database import Database
from shared.versions import objects

BRANCH = "main"
REF = Ref(b"refs/heads/main")
_PACK_LITTER = ("objects/pack/*.lock", "objects/pack/tmp*", "objects/tmp*")
_AT_ONCE = 500
# Below, objects are loose files, as a save writes them; above, one pack holds them.
_LOOSE_AT_MOST = 20
# As Git's own gc.auto.
_TIDY_FROM = 6700
_UNREADABLE = (NotGitRepository, FileFormatException, FileLocked, ChecksumMismatch, KeyError, ValueError, AssertionError, zlib.error)
log = logging.getLogger(__name__)


class RepositoryBusy(UnavailableError):
    """Another process is writing it; what is missing will be written by the next one."""

    code = "repository_busy"


class RepositoryUnwritable(UnavailableError):
    """The disk is full, or the folder is not ours to write."""

    code = "repository_unwritable"


class ChainBroken(PenstockError):
    """A commit written from the record has another sha than the record says: a bug, or a record changed by hand."""

    code = "chain_broken"


class Repository:
    """`folder` need not exist. Safe to use from several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def catch_up(self, database: Database, wait_s: float = 5.0) -> str | None:
        """Writes what is missing; returns the sha of the newest commit, None while there is none.

        Raises RepositoryBusy when another writer takes longer than `wait_s`, RepositoryUnwritable when files cannot be written.
        """
        try:
            with self._alone(wait_s):
                try:
                    return self._write(database, self._open())
                except _UNREADABLE as error:
                    log.warning(
                        "the repository %s cannot be gone on with (%s: %s); writing it anew", self.folder, type(error).__name__, error
                    )
                    return self._write_anew(database)
        except OSError as error:
            raise RepositoryUnwritable(
                f"the Git repository {self.folder} cannot be written ({error}); saves go on, and it is written once that is mended"
            ) from error

    def renew(self, database: Database) -> None:
        """Writes all of it anew, for one whose objects are found missing."""
        with self._alone(5.0):
            self._write_anew(database)

    def tidy(self, at_least: int = _TIDY_FROM) -> None:
        """So many loose files become one pack."""
        with self._alone(5.0), Repo(str(self.folder)) as repo:
            repo.object_store.fsync_object_files = True
            _clear(repo, *_PACK_LITTER)
            if repo.object_store.count_loose_objects() >= at_least:
                repo.object_store.pack_loose_objects()

    @contextmanager
    def _alone(self, wait_s: float) -> Iterator[None]:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + wait_s
        # Beside the folder, which is replaced as a whole.
        with self.folder.with_name(f"{self.folder.name}.lock").open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        raise RepositoryBusy(f"the Git repository {self.folder} is being written by another process") from error
                    time.sleep(0.005)
            yield

    def _open(self) -> Repo:
        if not self.folder.exists():
            _create(self.folder)
        return Repo(str(self.folder))

    def _write(self, database: Database, repo: Repo) -> str | None:
        """Goes on after the commit that the ref names. Raises ValueError when the record does not know that one."""
        with repo:
            # The ref is synced to disk; what it names must be there before it.
            repo.object_store.fsync_object_files = True
            head = _head(repo)
            number = 0
            if head is not None:
                with database.transaction() as tx:
                    known = commits.number_of(tx, head)
                if known is None:
                    raise ValueError(f"its newest commit {head} is not of this store")
                number = known
            while True:
                with database.transaction() as tx:
                    following = commits.after(tx, number, _AT_ONCE)
                if not following:
                    return head
                head, number = _append(repo, head, following), following[-1][0].number

    def _write_anew(self, database: Database) -> str | None:
        beside = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        _create(beside)
        head = self._write(database, Repo(str(beside)))
        if self.folder.exists():
            # Kept: somebody may have committed there by hand.
            self.folder.rename(self.folder.with_name(f"{self.folder.name}.replaced-{time.time_ns()}"))
        beside.rename(self.folder)
        return head


def _create(folder: Path) -> None:
    """At once or not at all, so that a killed process leaves no half repository."""
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    Repo.init_bare(str(partial), default_branch=BRANCH.encode()).close()
    partial.rename(folder)


def _head(repo: Repo) -> str | None:
    if REF not in repo.refs:
        return None
    sha = repo.refs[REF]
    # A ref may survive a power loss that its objects did not.
    _entries(repo, sha, ("",))
    return sha.decode()


def _append(repo: Repo, head: str | None, following: Sequence[tuple[Commit, str | None]]) -> str:
    made: dict[ObjectID, ShaFile] = {}
    base = ObjectID(head.encode()) if head else None
    files = objects.Files(lambda folders: _entries(repo, base, folders))
    for commit, document in following:
        if commit.parent != head:
            raise ChainBroken(f"commit {commit.number} is recorded after {commit.parent}, the one before it is {head}")
        blob = objects.blob(document) if document is not None else None
        steps = files.put(commit.path, objects.sha(blob) if blob else None)
        written = objects.commit(tree=objects.sha(steps[-1].tree), parent=head, author=commit.author, message=commit.message, at=commit.at)
        head = objects.sha(written)
        if head != commit.sha:
            raise ChainBroken(f"commit {commit.number} is recorded as {commit.sha}, and is {head} when written from the record")
        made |= {one.id: one for one in (*([blob] if blob else []), *(step.tree for step in steps), written)}
    assert head is not None
    _store(repo, list(made.values()))
    _clear(repo, f"{REF.decode()}.lock")
    repo.refs[REF] = ObjectID(head.encode())
    return head


def _entries(repo: Repo, commit: ObjectID | None, folders: Sequence[str]) -> dict[str, dict[str, str]]:
    """folder -> name -> sha in a commit's tree; of folders that are not there, nothing. Raises KeyError for an object that is missing."""
    found: dict[str, dict[str, str]] = {folder: {} for folder in folders}
    for folder in folders:
        tree = _tree(repo, commit, folder) if commit is not None else None
        if tree is not None:
            found[folder] = {entry.path.decode(): entry.sha.decode() for entry in tree.items() if entry.path and entry.sha}
    return found


def _tree(repo: Repo, commit: ObjectID, folder: str) -> Tree | None:
    root = repo[commit]
    assert isinstance(root, GitCommit)
    tree = repo[root.tree]
    for name in folder.split("/") if folder else ():
        assert isinstance(tree, Tree)
        if name.encode() not in tree:
            return None
        tree = repo[tree[name.encode()][1]]
    assert isinstance(tree, Tree)
    return tree


def _store(repo: Repo, made: list[ShaFile]) -> None:
    if len(made) > _LOOSE_AT_MOST:
        _clear(repo, *_PACK_LITTER)
        repo.object_store.add_objects([(one, None) for one in made])
        return
    for one in made:
        name = one.id.decode()
        _clear(repo, f"objects/{name[:2]}/{name[2:]}.lock")
        repo.object_store.add_object(one)


def _clear(repo: Repo, *patterns: str) -> None:
    """We are alone here, so these are what a dead writer left."""
    for pattern in patterns:
        for file in Path(repo.path).glob(pattern):
            file.unlink(missing_ok=True)
