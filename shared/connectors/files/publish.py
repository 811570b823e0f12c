"""Files that appear all at once or not at all, and once, whoever is killed.

Everything is written to temporary files beside its targets. Then one journal is made in `{root}/.penstock/`, by a link that
exists or not: that is the commit, and the journal is the marker. It holds the outcome and the list of renames; whoever finds it
finishes the renames and adopts the outcome. Temporary files are deleted only once a journal stands, and never those it names, so
that a slow attempt that commits first still finds its own.

Renames are atomic one by one. A commit that is begun is noted in `{root}/.penstock/open/` until they are all done, so that whoever writes
under the root next, another run too, finishes them first: old rows never come after newer ones.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.connectors.errors import Busy, Denied, Misconfigured, Unavailable
from shared.connectors.files.paths import HIDDEN, JOURNALS, LOCK, OPEN, inside
from shared.connectors.files.targets import parts_of, target_of
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite
from shared.connectors.retention import outdated
from shared.kill_points import kill_point

# A note without a journal, older than any attempt lives between the two.
STALE_S = 86_400
LOCK_WAIT_S = 30.0
LOCK_LOOK_S = 0.05


class _Gone(Unavailable):
    """What a commit was to move is neither where it was written nor where it belongs."""


class FilesSession:
    def __init__(self, root: str, key: AttemptKey) -> None:
        self._root, self._key = root, key
        self._base = Path(root).resolve()
        self._moves: list[tuple[str, str]] = []
        # Of each of them, in bytes.
        self._sizes: list[int] = []
        # Made by this attempt, whether or not what is in them has got so far as to be moved.
        self._begun: list[Path] = []
        # Folders whose other files go.
        self._replaced: list[Path] = []
        self._journal = self._base / JOURNALS / f"{key.namespace}.{key.committed_as}.{key.committed_stage}.{key.rerun}.json"
        try:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
        except PermissionError as error:
            raise Denied(f"{root} cannot be written to by this worker; allow it, or change the connector's root") from error
        self._open = self._journal.parent / OPEN / self._journal.name
        self._finish_others()
        self.adopted: dict[str, Any] | None = self._roll_forward()

    def _finish_others(self) -> None:
        """What is left of commits whose attempts died in the middle of their renames, and were not tried again."""
        try:
            noted = list(self._open.parent.iterdir())
        except FileNotFoundError:
            return
        for note in noted:
            journal = self._journal.parent / note.name
            if journal.exists():
                # Its own run says that its files are gone; it is not in the way of others for it.
                with suppress(_Gone):
                    _carry_out(journal)
                    note.unlink(missing_ok=True)
            elif _age_s(note) > STALE_S:
                # Its attempt never came to its commit.
                note.unlink(missing_ok=True)

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        """INSERT adds one part to the folder that the path names, or one to each of its partitions; OVERWRITE replaces the file, or all of
        the partitions.
        """
        place = inside(self._root, write.target)
        target = target_of(write, self._key)
        # Found out now and not after the commit, when the rename that fails could only be tried again for ever.
        if not target.whole and place.is_file():
            raise Misconfigured(f"INSERT adds files to a folder, and {write.target} is a file; use OVERWRITE, or name a folder")
        if target.whole and place.is_dir():
            raise Misconfigured(f"OVERWRITE replaces one file, and {write.target} is a folder; use INSERT, or name a file in it")
        folder = place.parent if target.whole else place
        try:
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder / f"{self._mine}{self._key.attempt}-{write.node}"
            # An earlier try of this epoch may have left it, when the child that made it died.
            shutil.rmtree(temporary, ignore_errors=True)
            self._begun.append(temporary)
            temporary.mkdir()
            for path, name in parts_of(temporary, write, target, rows):
                _sync(path)
                self._moves.append((str(path), str(place / name if name else place)))
                self._sizes.append(path.stat().st_size)
            _sync(temporary)
        except PermissionError as error:
            raise Denied(f"{place} cannot be written by this worker; allow it, or choose another path") from error
        except OSError as error:
            raise Unavailable(f"{place} could not be written: {error.strerror or error}") from error
        if target.replaces_folder:
            self._replaced.append(place)
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": None}

    @property
    def _mine(self) -> str:
        # With the rerun, and before what older releases begin with: whoever cleans up after one of them never meets the files of another.
        return f".penstock-tmp-{self._key.rerun}.{self._key.committed_as}-{self._key.committed_stage}-"

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        with self._alone() if self._replaced else nullcontext():
            return self._committed(outcome)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time replaces folders under the root, from looking at what is in them until that is gone: of two that overlapped, each
        would leave the other's files beside its own. Whoever dies lets go, and what it had begun is finished first.
        """
        lock = os.open(self._journal.parent / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(lock, self._root)
            self._finish_others()
            yield
        finally:
            os.close(lock)

    def _others(self) -> list[str]:
        """What is in the folders that are replaced, and is not this commit's."""
        mine = {target for _, target in self._moves}
        there = (old for place in self._replaced for old in place.rglob("*") if old.is_file() and not _is_ours(old, place))
        return sorted({str(old) for old in there} - mine)

    def _committed(self, outcome: dict[str, Any]) -> dict[str, Any]:
        draft = self._journal.with_suffix(f".{self._key.attempt}.{os.getpid()}.draft")
        self._open.parent.mkdir(exist_ok=True)
        self._open.touch()
        journal = {"outcome": outcome, "moves": self._moves, "sizes": self._sizes, "removed": self._others(), "temporary": self._mine}
        draft.write_text(json.dumps(journal))
        _sync(draft)
        kill_point("files.drafted")
        try:
            os.link(draft, self._journal)
            _sync(self._journal.parent)
            kill_point("files.journalled")
        except FileExistsError:
            # Another attempt was first; its outcome stands.
            self.abort()
        finally:
            draft.unlink()
        stands = self._roll_forward()
        self._open.unlink(missing_ok=True)
        self._prune()
        return stands if stands is not None else outcome

    def _prune(self) -> None:
        """Journals that are old (`shared.connectors.retention`); all that they say is done, or would stand in `open`."""
        if (before := outdated(self._key)) is None:
            return
        for journal in self._journal.parent.glob("*.json"):
            if journal.stat().st_mtime < before.timestamp() and not (self._open.parent / journal.name).exists():
                journal.unlink(missing_ok=True)

    def cancel(self) -> None:
        return

    def abort(self) -> None:
        for folder in self._begun:
            shutil.rmtree(folder, ignore_errors=True)
        self._begun, self._moves, self._sizes = [], [], []

    def _roll_forward(self) -> dict[str, Any] | None:
        return _carry_out(self._journal)


def _carry_out(journal_file: Path) -> dict[str, Any] | None:
    """Does what a journal says, once, however often it is asked to; returns its outcome. None: there is none."""
    journal = _read(journal_file)
    if journal is None:
        return None
    outcome: dict[str, Any] = journal["outcome"]
    if journal.get("published"):
        # Done long ago: what is at its targets now, or is not, is the doing of others.
        return outcome
    # Journals of older releases have no sizes, and do not tell what was published long ago: they are believed.
    sizes = journal.get("sizes") or [None] * len(journal["moves"])
    for (temporary, target), size in zip(journal["moves"], sizes, strict=True):
        # Made here and not before: an empty folder is something that a reader could see.
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        try:
            Path(temporary).replace(target)
        except FileNotFoundError as error:
            # It was moved before, by whoever came first: then it is there, or was, and others went on from there.
            if size not in {None, _size(target)} and not (_read(journal_file) or journal).get("published"):
                raise _Gone(
                    f"{target} was written, and its temporary file is gone before it was moved there; nothing else may delete it"
                ) from error
        _sync(Path(target).parent)
        kill_point("files.moved")
    for old in journal.get("removed", ()):
        with suppress(FileNotFoundError):
            Path(old).unlink()
    kill_point("files.published")
    # All of them are moved: what is left is what other attempts had begun, and empty folders.
    mine = journal.get("temporary")
    for litter in {litter for move in journal["moves"] for litter in _siblings(move[0], mine)} if mine else ():
        shutil.rmtree(litter, ignore_errors=True)
    _mark_published(journal_file, journal)
    return outcome


def _lock(descriptor: int, root: str) -> None:
    """Raises Busy where it is held for long: whoever holds it only renames."""
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise Busy(f"{root}: another commit has been replacing a folder there for {LOCK_WAIT_S:.0f} s") from error
        except OSError as error:
            raise Misconfigured(
                f"{root}: its file system takes no locks ({error.strerror}), without which OVERWRITE with partitionBy is not safe;"
                " mount it with locks, or choose another place"
            ) from error
        time.sleep(LOCK_LOOK_S)


def _read(journal_file: Path) -> dict[str, Any] | None:
    try:
        journal: dict[str, Any] = json.loads(journal_file.read_text())
    except FileNotFoundError:
        return None
    return journal


def _mark_published(journal_file: Path, journal: dict[str, Any]) -> None:
    """In the journal itself, in one step: it is read by others meanwhile."""
    draft = journal_file.with_suffix(f".{uuid4().hex}.draft")
    draft.write_text(json.dumps(journal | {"published": True}))
    _sync(draft)
    draft.replace(journal_file)


def _size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return None


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _top(temporary: str, mine: str) -> Path | None:
    """The attempt's own folder of a temporary file."""
    return next((parent for parent in Path(temporary).parents if parent.name.startswith(mine)), None)


def _siblings(temporary: str, mine: str) -> list[Path]:
    """All attempts' folders beside it, its own among them."""
    own = _top(temporary, mine)
    return list(own.parent.glob(f"{mine}*")) if own is not None else []


def _is_ours(path: Path, place: Path) -> bool:
    return any(step.startswith(HIDDEN) for step in path.relative_to(place).parts)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
