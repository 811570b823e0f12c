"""The worker's settings, from the environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.attempts import memory
from shared.attempts.place import Place
from shared.breakers import Rules
from shared.process import settings
from shared.secrets.stores import Stores

MEMORY = "PENSTOCK_WORKER_MEMORY"
FUNCTIONS = {
    "work": "services.worker.stage:run",
    "survey": "services.worker.stage:survey",
    "look": "services.worker.stage:look_at",
    "watch": "services.worker.stage:watch_for",
    "notify": "services.worker.stage:notify",
    "staged": "services.worker.stage:gather",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """`memory_bytes`: resident size of one slot's process. `home` is where the master key is, if it is not in the environment.

    `stores`: of secrets, beside the database. `template_env`: as the
    scheduler's, for runs that triggers start.
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
    labels: tuple[str, ...]
    lease: timedelta
    probe: timedelta
    drain: timedelta
    breaker: Rules
    stores: Stores
    template_env: Mapping[str, str] = field(repr=False)
    mail: Mapping[str, Any] | None = field(repr=False, default=None)

    @staticmethod
    def from_environment() -> Settings:
        home = settings.folder("PENSTOCK_HOME") if os.environ.get("PENSTOCK_HOME") else None
        slots = settings.integer("PENSTOCK_WORKER_SLOTS", 2, at_least=1)
        return Settings(
            name=settings.text("PENSTOCK_WORKER_NAME", "worker-1"),
            database_url=settings.text("PENSTOCK_DATABASE_URL"),
            redis_url=settings.text("PENSTOCK_REDIS_URL"),
            home=home,
            staging=settings.staging("PENSTOCK_STAGING_URL", home / "staging" if home else None),
            scratch=settings.folder("PENSTOCK_SCRATCH", home / "scratch" if home else Path(tempfile.gettempdir()) / "penstock-scratch"),
            scratch_bytes=settings.scratch_limit(),
            definitions=settings.definitions(home),
            slots=slots,
            memory_bytes=settings.size_bytes(MEMORY, memory.default_limit(slots)),
            labels=settings.words("PENSTOCK_WORKER_LABELS"),
            lease=settings.seconds("PENSTOCK_LEASE_SECONDS", 15),
            probe=settings.seconds("PENSTOCK_PROBE_SECONDS", 10),
            drain=settings.seconds("PENSTOCK_DRAIN_SECONDS", 20),
            breaker=settings.breaker(),
            stores=settings.stores(home),
            template_env=settings.template_environment(),
            mail=settings.mail(),
        )

    @property
    def place(self) -> Place:
        return Place(
            service="worker",
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
            labels=self.labels,
            template_env=self.template_env,
            mail=self.mail,
        )
