"""The state folder: which file lies where, and the few small files that are written once and kept (ports, passwords).

Read by everything in this package; the launcher reads it too, so it imports nothing heavy.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.errors import LocalStackRefused


@dataclass(frozen=True, slots=True)
class Home:
    """`root` is absolute. Folders are made by `prepare`, the rest by whoever it belongs to."""

    root: Path

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Home:
        """PENSTOCK_HOME, made absolute against the current folder and without links, by which its processes would not be known again;
        `.penstock` there when it is not set.
        """
        return Home(Path(environment.get("PENSTOCK_HOME") or ".penstock").resolve())

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        return self.root / "pids"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def supervisor_conf(self) -> Path:
        return self.root / "supervisord.conf"

    @property
    def redis_conf(self) -> Path:
        return self.root / "redis.conf"

    @property
    def migrated(self) -> Path:
        """There while the store is migrated; services wait for it before they start."""
        return self.root / "migrated"

    @property
    def api_url(self) -> Path:
        return self.root / "api.url"

    @property
    def api_token(self) -> Path:
        return self.root / "api.token"

    def pid_file(self, service: str) -> Path:
        return self.pids / f"{service}.pid"

    def log_file(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def prepare(self) -> None:
        """Makes the folders that are not there yet. Raises LocalStackRefused where the state folder cannot be made or written."""
        try:
            # Others may pass through (the PostgreSQL account must reach its data) but not look around.
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711)
            for folder in (self.logs, self.pids, self.staging, self.scratch):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise LocalStackRefused(
                f"the state folder {self.root} cannot be used ({error.strerror}: {error.filename}); "
                "set PENSTOCK_HOME to a folder that this account may write"
            ) from error

    def read(self, name: str) -> dict[str, Any]:
        """One of our own JSON files; empty when it is not there yet."""
        try:
            return dict(json.loads((self.root / name).read_text()))
        except FileNotFoundError:
            return {}

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        write_private(self.root / name, json.dumps(dict(value), indent=1) + "\n")

    def secrets(self) -> dict[str, str]:
        """Passwords of the embedded stores, made on first use and kept: the stores remember theirs."""
        kept = self.read("secrets.json")
        missing = {name: secrets.token_urlsafe(24) for name in ("admin", "penstock", "demo", "redis") if name not in kept}
        if missing:
            kept |= missing
            self.write("secrets.json", kept)
        return kept

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up` or `down` at a time; the lock goes with the process."""
        with (self.root / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner alone from the first byte."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError:
        # On a full disk each attempt would leave one.
        partial.unlink()
        raise
    partial.replace(path)
