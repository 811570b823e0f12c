"""Looks for what a trigger waits for, in a worker's child like any stage, since it loads drivers. Records nothing: the parent does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable

from shared.connectors import driver
from shared.connectors.errors import Denied
from shared.connectors.files.arrivals import Arrivals, arrivals
from shared.datasets.staging import staging_folder
from shared.engines.control import Control
from shared.engines.work import Job, Outcome
from shared.errors import ConfigurationError

# Folders of a worker's machine that triggers without a connector may name, and what is under them.
FOLDERS = "PENSTOCK_FILE_FOLDERS"
# Of a run that a Kafka trigger starts, in its staging folder.
MESSAGES = "messages.jsonl"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Polled(Protocol):
    count: int
    first: dict[int, int]
    next: dict[int, int]
    expired: int


@runtime_checkable
class MessagesDriver(Protocol):
    def poll(
        self, topic: str, group: str, recorded: Mapping[int, int], most: int, wait_s: float, take: Callable[[str], None]
    ) -> Polled: ...


def run(job: Job, control: Control) -> Outcome:
    """`job.program`: {connector (None: this machine's folders), does, config: the trigger's settings, …}."""
    program = job.program
    does = _DOES[program["does"]]
    if program["connector"] is None:
        return Outcome(epoch=job.epoch, facts=does(job, program))
    with control.calling(program["connector"]):
        return Outcome(epoch=job.epoch, facts=does(job, program))


def _files(job: Job, program: dict[str, Any]) -> dict[str, Any]:
    """{files: [path, version, size, time of change in ISO 8601 or None, checksum or None, ready], odd: paths that cannot be kept}."""
    config = program["config"]
    glob, marker, folder = config["glob"], config.get("doneMarker"), config.get("folder") or ""
    if program["connector"] is None:
        found = arrivals({"root": _allowed(folder)}, "", glob, marker)
        return _told(found, f"{folder.rstrip('/')}/")
    connector = job.connectors[program["connector"]]
    if connector.type != "files":
        raise ConfigurationError(f"{connector.reference} is of type {connector.type}; files are waited for in connectors of type files")
    return _told(arrivals(connector.config, folder, glob, marker), "")


def _allowed(folder: str) -> str:
    """Raises Denied for a folder that this machine's operator has not opened to triggers."""
    roots = [Path(one.strip()).resolve() for one in os.environ.get(FOLDERS, "").split(",") if one.strip()]
    wanted = Path(folder).resolve()
    if not folder.startswith("/") or not any(root == wanted or root in wanted.parents for root in roots):
        raise Denied(f"{folder!r} is under none of the folders in {FOLDERS} of the workers; name a connector, or have an operator add it")
    return folder


def _told(found: Arrivals, before: str) -> dict[str, Any]:
    files = [
        (before + one.path, one.version, one.size, _time(one.modified_ns), one.checksum, ready)
        for one, ready in zip(found.files, found.ready, strict=True)
    ]
    return {
        "files": files,
        "odd": [path.encode("utf-8", "backslashreplace").decode()[:200] for path in found.odd[:5]],
        "oddCount": len(found.odd),
    }


def _time(modified_ns: int | None) -> str | None:
    return (_EPOCH + timedelta(microseconds=modified_ns // 1000)).isoformat() if modified_ns is not None else None


def _messages(job: Job, program: dict[str, Any]) -> dict[str, Any]:
    """{count, path: of the file that holds them, under the staging place; first and next: offsets by partition, as text; expired}."""
    config, connector = program["config"], job.connectors[program["connector"]]
    made = driver(connector.type, connector.config)
    if not isinstance(made, MessagesDriver):
        raise ConfigurationError(f"{connector.reference} is of type {connector.type}; messages are waited for in connectors of type kafka")
    folder = staging_folder(job.staging, program["run"], 0, 0)
    recorded = {int(partition): offset for partition, offset in program["offsets"].items()}
    with ExitStack() as opened:
        lines: list[IO[str]] = []

        def take(line: str) -> None:
            if not lines:
                # Only where there is something to keep.
                path = opened.enter_context(folder.local(MESSAGES))
                lines.append(opened.enter_context(path.open("w", encoding="utf-8")))
            lines[0].write(f"{line}\n")

        polled = made.poll(config["topic"], program["group"], recorded, config["maxMessages"], program["waitSeconds"], take)
    return {
        "count": polled.count,
        "path": f"{program['run']}/0/0/{MESSAGES}",
        "first": {str(partition): offset for partition, offset in polled.first.items()},
        "next": {str(partition): offset for partition, offset in polled.next.items()},
        "expired": polled.expired,
    }


_DOES: dict[str, Callable[[Job, dict[str, Any]], dict[str, Any]]] = {"file": _files, "kafka": _messages}
