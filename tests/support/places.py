"""Places in which files arrive, each with the same few things that a writer does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.support.buckets import Store
from tests.support.sftp import Server


class Place(Protocol):
    """`config`: of a connector of type files. `write` puts a whole file there, `append` makes it longer, all under new times of change."""

    config: dict[str, Any]

    def write(self, path: str, text: str) -> None: ...

    def append(self, path: str, text: str) -> None: ...

    def rename(self, before: str, after: str) -> None: ...

    def delete(self, path: str) -> None: ...


@dataclass
class Folder:
    """This machine's disk; also what an SFTP server shows."""

    folder: Path
    config: dict[str, Any]
    clock: int = 1_700_000_000

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self._tick(target)

    def append(self, path: str, text: str) -> None:
        with (self.folder / path).open("a") as file:
            file.write(text)
        self._tick(self.folder / path)

    def rename(self, before: str, after: str) -> None:
        (self.folder / before).rename(self.folder / after)

    def delete(self, path: str) -> None:
        (self.folder / path).unlink()

    def _tick(self, target: Path) -> None:
        self.clock += 1
        os.utime(target, (self.clock, self.clock))


@dataclass
class Bucket:
    """Objects are written whole; who appends writes them anew, and who renames copies."""

    store: Store
    name: str
    config: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> None:
        self.texts[path] = text
        self.store.client.put_object(Bucket=self.name, Key=f"in/{path}", Body=text.encode())

    def append(self, path: str, text: str) -> None:
        self.write(path, self.texts[path] + text)

    def rename(self, before: str, after: str) -> None:
        self.write(after, self.texts[before])
        self.delete(before)

    def delete(self, path: str) -> None:
        del self.texts[path]
        self.store.client.delete_object(Bucket=self.name, Key=f"in/{path}")


def local(folder: Path) -> Folder:
    folder.mkdir(exist_ok=True)
    return Folder(folder, {"root": str(folder)})


def s3(store: Store, name: str) -> Bucket:
    store.bucket(name)
    return Bucket(store, name, {"root": f"s3://{name}/in", **store.config})


def sftp(server: Server, name: str) -> Folder:
    (server.folder / name).mkdir()
    return Folder(server.folder / name, {"root": server.root(name), **server.config})
