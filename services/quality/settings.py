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
from shared.breakers import Rules
from shared.process import settings
from shared.secrets.stores import Stores

MEMORY = "PENSTOCK_QUALITY_MEMORY"
FUNCTIONS = {"check": "services.quality.measure:run"}


@dataclass(frozen=True, slots=True)
class Settings:
    """As the worker's, whose connectors, credentials and staging it reaches too: for tables that are checked where they are, and those that
    rules compare with. It makes no files that outlive an attempt.
    """

    name: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    home: Path | None
    staging: str
    scratch: Path
    scratch_bytes: int | None
    definitions: Path | None
    slots: int
    memory_bytes: int
    lease: timedelta
    probe: timedelta
    drain: timedelta
    breaker: Rules
    stores: Stores

    @staticmethod
    def from_environment() -> Settings:
        home = settings.folder("PENSTOCK_HOME") if os.environ.get("PENSTOCK_HOME") else None
        slots = settings.integer("PENSTOCK_QUALITY_SLOTS", 1, at_least=1)
        return Settings(
            name=settings.text("PENSTOCK_WORKER_NAME", "quality-1"),
            database_url=settings.text("PENSTOCK_DATABASE_URL"),
            redis_url=settings.text("PENSTOCK_REDIS_URL"),
            home=home,
            staging=settings.staging("PENSTOCK_STAGING_URL", home / "staging" if home else None),
            scratch=settings.folder("PENSTOCK_SCRATCH", home / "scratch" if home else Path(tempfile.gettempdir()) / "penstock-scratch"),
            scratch_bytes=settings.scratch_limit(),
            definitions=settings.definitions(home),
            slots=slots,
            memory_bytes=settings.size_bytes(MEMORY, memory.default_limit(slots)),
            lease=settings.seconds("PENSTOCK_LEASE_SECONDS", 15),
            probe=settings.seconds("PENSTOCK_PROBE_SECONDS", 10),
            drain=settings.seconds("PENSTOCK_DRAIN_SECONDS", 20),
            breaker=settings.breaker(),
            stores=settings.stores(home),
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
            staging=self.staging,
            scratch=self.scratch,
            scratch_bytes=self.scratch_bytes,
            lease=self.lease,
            probe=self.probe,
            drain=self.drain,
            functions=FUNCTIONS,
            breaker=self.breaker,
        )
