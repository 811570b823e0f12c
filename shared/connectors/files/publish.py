"""Files that appear all at once or not at all, and once, whoever is killed.

Everything is written to temporary files beside its targets. Then one journal is made in `{root}/.penstock/`, by a link that
exists or not: that is the commit, and the journal is the marker. It holds the outcome and the list of renames; whoever finds it
finishes the renames and adopts the outcome. Temporary files are deleted only once a journal stands, and never those it names, so
that a slow attempt that commits first still finds its own.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.connectors.errors import Denied, Misconfigured, Unavailable
from shared.connectors.files.paths import inside
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite
from shared.formats import file_format

JOURNALS = ".penstock"


class FilesSession:
    def __init__(self, root: str, key: AttemptKey) -> None:
        self._root, self._key = root, key
        self._base = Path(root).resolve()
        self._moves: list[tuple[str, str]] = []
        self._journal = self._base / JOURNALS / f"{key.namespace}.{key.run}.{key.stage}.{key.rerun}.json"
        try:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
        except PermissionError as error:
            raise Denied(f"{root} cannot be written to by this worker; allow it, or change the connector's root") from error
        self.adopted: dict[str, Any] | None = self._roll_forward()

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        """INSERT adds one part to the folder that the path names; OVERWRITE replaces the file."""
        key = self._key
        target = inside(self._root, write.target)
        # Found out now and not after the commit, when the rename that fails could only be tried again for ever.
        if write.write_mode == "INSERT":
            if target.is_file():
                raise Misconfigured(f"INSERT adds files to a folder, and {write.target} is a file; use OVERWRITE, or name a folder")
            file = file_format("part.parquet" if not write.options.get("format") else "part", write.options.get("format"))
            target = target / f"part-{key.run}-{write.node}-{key.rerun}-0{file.ending}"
        else:
            if target.is_dir():
                raise Misconfigured(f"OVERWRITE replaces one file, and {write.target} is a folder; use INSERT, or name a file in it")
            file = file_format(str(target), write.options.get("format"))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.parent / f"{self._mine}{key.epoch}-{write.node}"
            rows.to_file(str(temporary), file.name, {**(write.options.get("options") or {}), "compression": file.compression})
            _sync(temporary)
        except PermissionError as error:
            raise Denied(f"{target} cannot be written by this worker; allow it, or choose another path") from error
        except OSError as error:
            raise Unavailable(f"{target} could not be written: {error.strerror or error}") from error
        self._moves.append((str(temporary), str(target)))
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": None}

    @property
    def _mine(self) -> str:
        return f".penstock-tmp-{self._key.run}-{self._key.stage}-"

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        draft = self._journal.with_suffix(f".{self._key.epoch}.{os.getpid()}.draft")
        draft.write_text(json.dumps({"outcome": outcome, "moves": self._moves}))
        _sync(draft)
        try:
            os.link(draft, self._journal)
            _sync(self._journal.parent)
        except FileExistsError:
            # Another attempt was first; its outcome stands.
            self.abort()
        finally:
            draft.unlink()
        stands = self._roll_forward()
        return stands if stands is not None else outcome

    def cancel(self) -> None:
        return

    def abort(self) -> None:
        for temporary, _ in self._moves:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
        self._moves = []

    def _roll_forward(self) -> dict[str, Any] | None:
        try:
            journal = json.loads(self._journal.read_text())
        except FileNotFoundError:
            return None
        for temporary, target in journal["moves"]:
            # Not there any more: it was moved before, by us or by whoever came first.
            with suppress(FileNotFoundError):
                Path(temporary).replace(target)
            _sync(Path(target).parent)
            for litter in Path(target).parent.glob(f"{self._mine}*"):
                if str(litter) not in {move[0] for move in journal["moves"]}:
                    with suppress(FileNotFoundError):
                        litter.unlink()
        outcome: dict[str, Any] = journal["outcome"]
        return outcome


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
