"""The settings of a service that runs attempts, from the environment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from shared.attempts import memory
from shared.attempts.place import Functions, Place
from shared.process import settings
from shared.secrets.stores import Stores


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` is where the master key is, if it is not in the environment. `stores`: of secrets, beside the database."""

    place: Place
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    home: Path | None
    definitions: Path | None
    stores: Stores


def from_environment(service: str, functions: Functions, *, slots: int) -> Settings:
    """`slots`: where PENSTOCK_<SERVICE>_SLOTS does not say how many. Raises ConfigurationError."""
    prefix = f"PENSTOCK_{service.upper()}"
    home = settings.folder("PENSTOCK_HOME") if os.environ.get("PENSTOCK_HOME") else None
    slots = settings.integer(f"{prefix}_SLOTS", slots, at_least=1)
    place = Place(
        service=service,
        name=settings.text("PENSTOCK_WORKER_NAME", f"{service}-1"),
        boot=str(uuid4()),
        slots=slots,
        memory_bytes=settings.size_bytes(f"{prefix}_MEMORY", memory.default_limit(slots)),
        memory_setting=f"{prefix}_MEMORY",
        staging=settings.staging("PENSTOCK_STAGING_URL", home / "staging" if home else None),
        scratch=settings.folder("PENSTOCK_SCRATCH", home / "scratch" if home else Path(tempfile.gettempdir()) / "penstock-scratch"),
        scratch_bytes=settings.scratch_limit(),
        lease=settings.seconds("PENSTOCK_LEASE_SECONDS", 15),
        probe=settings.seconds("PENSTOCK_PROBE_SECONDS", 10),
        drain=settings.seconds("PENSTOCK_DRAIN_SECONDS", 20),
        functions=functions,
        breaker=settings.breaker(),
    )
    return Settings(
        place=place,
        database_url=settings.text("PENSTOCK_DATABASE_URL"),
        redis_url=settings.text("PENSTOCK_REDIS_URL"),
        home=home,
        definitions=settings.definitions(home),
        stores=settings.stores(home),
    )
