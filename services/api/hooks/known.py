"""Webhooks as deliveries need them: settings read, paths and schema compiled, secret at hand. Kept for a few seconds in this process.

What is kept is held against the store by the statement that records a delivery, so that no run is made of a version that is not in force
any more; a secret that was changed holds at once, and the one before it for as long as it is kept here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.dispatch.starting import Version
from shared.errors import PenstockError
from shared.pipelines.parameters import declared
from shared.pipelines.validation import schedule_of, stored_document
from shared.pipelines.value_types import Type
from shared.secrets import database as sealing
from shared.secrets import references
from shared.store import credentials, deliveries, resources
from shared.store.database import Database, Tx
from shared.store.timetables import timetable
from shared.triggers.fires import Timetable
from shared.triggers.picking import Pick, Violations, checker, picker

KEPT_S = 5.0
# After a signature that is wrong: so soon it is looked at again whether the secret has changed.
CHANGED_S = 1.0
log = logging.getLogger(__name__)

Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Hook:
    """`timetable`: of the pipeline's schedule, where it has one. `violations`: None where the body may be anything. `secret`: of `token` or
    `hmac`; None where it could not be read.
    """

    id: str
    namespace: str
    pipeline: str
    name: str
    active: bool
    config: Mapping[str, Any]
    version: Version
    pick: Pick
    violations: Violations | None
    timetable: Timetable | None
    scheme: str
    secret: str | None = field(repr=False)

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.pipeline}/{self.name}"


class Hooks:
    """`home`: where the master key is."""

    def __init__(self, database: Database, home: Path | None) -> None:
        self._database, self._home = database, home
        self._kept: dict[Name, tuple[float, Hook]] = {}
        self._lock = threading.Lock()

    def find(self, name: Name, *, not_older_s: float = KEPT_S) -> Hook | None:
        """None where there is no such webhook. `name`: namespace, pipeline, trigger."""
        with self._lock:
            kept = self._kept.get(name)
        if kept is not None and time.monotonic() - kept[0] < not_older_s:
            return kept[1]
        read_at = time.monotonic()
        with self._database.transaction() as tx:
            hook = read(tx, name, self._home)
        with self._lock:
            if hook is None:
                self._kept.pop(name, None)
            else:
                self._kept[name] = (read_at, hook)
        return hook


def read(tx: Tx, name: Name, home: Path | None) -> Hook | None:
    namespace, pipeline, trigger = name
    row = deliveries.hook(tx, namespace, pipeline, trigger)
    if row is None:
        return None
    found = resources.at_version(tx, "Pipeline", namespace, pipeline, row["version"])
    assert found is not None
    config = row["config"]
    lists = {one.name for one in declared(stored_document(found["document"]).tree["spec"]) if one.type is Type.LIST}
    scheme = "token" if "token" in config else "hmac"
    return Hook(
        row["id"],
        namespace,
        pipeline,
        trigger,
        row["active"],
        config,
        Version.of(found),
        picker(config.get("parameters") or {}, lists),
        checker(config["payloadSchema"]) if config.get("payloadSchema") is not None else None,
        timetable(tx, namespace, schedule) if (schedule := schedule_of(found["document"])) is not None else None,
        scheme,
        _secret(tx, namespace, str(config.get("token") or config.get("secret") or ""), home),
    )


def _secret(tx: Tx, namespace: str, said: str, home: Path | None) -> str | None:
    """What a reference to a credential stands for. None where it cannot be read; why goes to the log, not to whoever calls."""
    reference = next(iter(references.find(said)), None)
    if reference is None:
        return None
    where, _, name = reference.path.rpartition("/")
    if where not in {"", namespace}:
        log.error("a webhook of namespace %s names credential %s, which it may not use", namespace, reference.path)
        return None
    row = credentials.read(tx, namespace, name)
    if row is not None and row["store"] != credentials.DATABASE:
        log.error("the secret of a webhook is kept in %s, which only workers read; save credential %s/%s", row["store"], namespace, name)
        return None
    try:
        values = sealing.unseal(row["sealed"], sealing.master_keys(home), f"{namespace}/{name}/{row['version']}") if row else {}
    except PenstockError as error:
        log.error("the secret of a webhook cannot be read: %s", error.message)
        return None
    if not values.get(reference.field):
        log.error("a webhook needs field %s of credential %s/%s, which is not there", reference.field, namespace, name)
    return values.get(reference.field) or None
