"""Objects that appear all at once or not at all, and once, whoever is killed: what `publish` does with renames, done with uploads.

Each object is uploaded in parts, which nobody sees. Then one journal is put under `.penstock/`, on condition that it is not there: that is
the commit, and the journal is the marker. It holds the outcome and the list of uploads; whoever finds it completes them and adopts the
outcome. Uploads are noted, an object for each attempt, before their bytes are sent, so that those of dead attempts can be aborted; that is
done only once a journal stands, and never with those it names, so that a slow attempt that commits first still finds its own. A commit that
is begun is noted under `.penstock/open/` until all is completed: whoever writes under the root next, another run too, completes it first.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.connectors.errors import Misconfigured, Unavailable
from shared.connectors.files.objects import Objects
from shared.connectors.files.paths import JOURNALS, OPEN
from shared.connectors.files.targets import parts_of, target_of
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite
from shared.datasets.buckets import Upload
from shared.kill_points import kill_point


class ObjectsSession:
    def __init__(self, root: Objects, key: AttemptKey) -> None:
        self._root, self._bucket, self._key = root, root.bucket, key
        self._uploads: list[Upload] = []
        # Folders whose other objects go, as prefixes.
        self._replaced: list[str] = []
        self._name = f"{key.namespace}.{key.committed_as}.{key.committed_stage}.{key.rerun}"
        self._journal = self._bucket.key(JOURNALS, f"{self._name}.json")
        # Two tries of one attempt have one epoch, and a put whose answer was lost says that somebody was first: this says who.
        self._me = uuid4().hex
        self._note = self._bucket.key(JOURNALS, f"{self._name}.{key.attempt}.{self._me}.uploads")
        self._open = self._bucket.key(JOURNALS, OPEN, self._name)
        self._finish_others()
        self.adopted: dict[str, Any] | None = self._roll_forward(self._name)

    def _finish_others(self) -> None:
        """What is left of commits whose attempts died before all was completed, and were not tried again."""
        prefix = f"{self._bucket.key(JOURNALS, OPEN)}/"
        for note in [item.key for item in self._bucket.items(prefix)]:
            # Without a journal its attempt has not come to its commit, or never will: nothing is to be done for it.
            if self._roll_forward(note.removeprefix(prefix)) is not None:
                self._bucket.delete([note])

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        """INSERT adds one part to the folder that the path names, or one to each of its partitions; OVERWRITE replaces the object, or all
        of the partitions.
        """
        target = target_of(write, self._key)
        place = self._root.key(write.target)
        if target.whole:
            if next(self._bucket.items(f"{place}/"), None) is not None:
                raise Misconfigured(f"OVERWRITE replaces one file, and {write.target} is a folder; use INSERT, or name a file in it")
        elif any(item.key == place for item in self._bucket.items(place)):
            raise Misconfigured(f"{write.target} is a file, and a folder is wanted; name a folder, or use OVERWRITE without partitionBy")
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            made = parts_of(Path(scratch), write, target, rows)
            for path, name in made:
                self._upload(place if target.whole else f"{place}/{name}", path)
        if target.replaces_folder:
            self._replaced.append(f"{place}/")
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": None}

    def _upload(self, key: str, path: Path) -> None:
        self._uploads.append(self._bucket.begin(key))
        self._bucket.put(self._note, json.dumps([asdict(upload) for upload in self._uploads]).encode())
        self._uploads[-1] = self._bucket.send(self._uploads[-1], path)

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        kill_point("objects.uploaded")
        self._bucket.put(self._open, b"")
        uploads = [asdict(upload) for upload in self._uploads]
        journal = {"by": self._me, "outcome": outcome, "uploads": uploads, "removed": self._others()}
        if not self._bucket.put_new(self._journal, json.dumps(journal).encode()) and self._standing()["by"] != self._me:
            # Another attempt was first; its outcome stands.
            self.abort()
        kill_point("objects.journalled")
        stands = self._roll_forward(self._name)
        self._bucket.delete([self._open])
        return stands if stands is not None else outcome

    def _others(self) -> list[str]:
        """What is in the folders that are replaced, and is not this commit's. Looked for as late as can be: a bucket has no locks, and what
        another replaces between this look and the journal would stay beside it.
        """
        if self._replaced:
            self._finish_others()
        mine = {upload.key for upload in self._uploads}
        return [item.key for prefix in self._replaced for item in self._bucket.items(prefix) if item.key not in mine]

    def cancel(self) -> None:
        return

    def abort(self) -> None:
        for upload in self._uploads:
            self._bucket.abort(upload)
        if self._uploads:
            self._bucket.delete([self._note])
        self._uploads = []

    def _standing(self) -> dict[str, Any]:
        found = self._bucket.get(self._journal)
        if found is None:
            raise Unavailable(f"{self._bucket.url_of(self._journal)} was there, and is not any more; nothing else may delete it")
        journal: dict[str, Any] = json.loads(found)
        return journal

    def _roll_forward(self, name: str) -> dict[str, Any] | None:
        """Does what the journal of that name says, its own or another's; returns its outcome. None: there is none."""
        place = self._bucket.key(JOURNALS, f"{name}.json")
        found = self._bucket.get(place)
        if found is None:
            return None
        journal = json.loads(found)
        outcome: dict[str, Any] = journal["outcome"]
        if journal.get("published"):
            # Completed long ago: to do it again could put an object in the place of what others wrote since.
            return outcome
        for told in journal["uploads"]:
            upload = Upload(told["key"], told["id"], tuple(told["parts"]))
            if not self._bucket.complete(upload) and self._bucket.size_bytes(upload.key) is None:
                raise Unavailable(
                    f"{self._bucket.url_of(upload.key)} was uploaded, and its parts are gone before it was completed;"
                    " the bucket must keep unfinished uploads for a day at least"
                )
            kill_point("objects.completed")
        self._bucket.delete(journal["removed"])
        self._sweep(name, {told["id"] for told in journal["uploads"]})
        kill_point("objects.published")
        self._bucket.put(place, json.dumps(journal | {"published": True}).encode())
        return outcome

    def _sweep(self, name: str, kept: set[str]) -> None:
        """What other attempts at the same had begun."""
        notes = [i.key for i in self._bucket.items(self._bucket.key(JOURNALS, f"{name}.")) if i.key.endswith(".uploads")]
        for note in notes:
            for told in json.loads(self._bucket.get(note) or b"[]"):
                if told["id"] not in kept:
                    self._bucket.abort(Upload(told["key"], told["id"]))
        self._bucket.delete(notes)
