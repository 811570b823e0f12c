"""The quality service's settings, from the environment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from shared.attempts import memory
from shared.attempts.place import Place
from shared.process import settings

MEMORY = "PENSTOCK_QUALITY_MEMORY"
FUNCTIONS = {"check": "services.quality.measure:run"}


@dataclass(frozen=True, slots=True)
class Settings:
    """`name` is the process's own, as for a worker. It has no connectors and so needs no key."""

    name: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    scratch: Path
    scratch_bytes: int | None
    definitions: Path | None
    slots: int
    memory_bytes: int
    lease: timedelta
    probe: timedelta
    drain: timedelta

    @staticmethod
    def from_environment() -> Settings:
        home = settings.folder("PENSTOCK_HOME") if os.environ.get("PENSTOCK_HOME") else None
        slots = settings.integer("PENSTOCK_QUALITY_SLOTS", 1, at_least=1)
        return Settings(
            name=settings.text("PENSTOCK_WORKER_NAME", "quality-1"),
            database_url=settings.text("PENSTOCK_DATABASE_URL"),
            redis_url=settings.text("PENSTOCK_REDIS_URL"),
            scratch=settings.folder("PENSTOCK_SCRATCH", home / "scratch" if home else Path(tempfile.gettempdir()) / "penstock-scratch"),
            scratch_bytes=settings.scratch_limit(),
            definitions=settings.definitions(home),
            slots=slots,
            memory_bytes=settings.size_bytes(MEMORY, memory.default_limit(slots)),
            lease=settings.seconds("PENSTOCK_LEASE_SECONDS", 15),
            probe=settings.seconds("PENSTOCK_PROBE_SECONDS", 10),
            drain=settings.seconds("PENSTOCK_DRAIN_SECONDS", 20),
        )

    @property
    def place(self) -> Place:
        return Place(
            service="quality",
            name=self.name,
            boot=str(uuid4()),
            slots=self.slots,
            memory_bytes=self.memory_bytes,
            memory_setting=MEMORY,
            # A check stages nothing.
            staging=str(self.scratch),
            scratch=self.scratch,
            scratch_bytes=self.scratch_bytes,
            lease=self.lease,
            probe=self.probe,
            drain=self.drain,
            functions=FUNCTIONS,
        )
