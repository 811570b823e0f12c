"""Does everything hold that must? The store's invariants, and what this process can see of the rest."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
from flask import current_app

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.schemas.doctor import DoctorQuery, Examined
from services.api.settings import Settings
from shared.datasets import staging
from shared.store import doctor, runs
from shared.store.database import Tx
from shared.store.identifiers import least_id

# Older than any run, and not before 1970, where their ids begin.
_ALL_DAYS = 20_000

blueprint = Blueprint("doctor", __name__, url_prefix="/api/v1/system", description="Does everything hold that must")

# The sweep of staged rows is given this long after they are due.
_SWEPT_WITHIN = timedelta(minutes=10)
_LEAST_FREE = 0.05
Finding = dict[str, Any]


@blueprint.get("/doctor")
@blueprint.arguments(DoctorQuery, location="query")
@blueprint.response(200, Examined)
def examine(query: dict[str, Any]) -> dict[str, Any]:
    """Looks at the runs of so many days, and at all that have not ended; changes nothing."""
    who = caller()
    who.may("operator")
    if who.namespaces is not None:
        raise Refused(403, f"this looks at every namespace, and the token {who.name} may see {', '.join(who.namespaces)}")
    settings: Settings = current_app.extensions["penstock.settings"]
    since = datetime.now(UTC) - timedelta(days=min(query["days"], _ALL_DAYS))
    with database().transaction() as tx:
        findings = [found.to_json() for found in doctor.examine(tx, since)]
        findings += [_clock(tx), _staging(tx, settings)]
    findings += [_broker(settings), _room(settings)]
    return {"healthy": all(finding["ok"] is not False for finding in findings), "checks": findings}


def _finding(name: str, holds: str, remedy: str, off: list[str] | None) -> Finding:
    """`off`: what is off, in sentences; None: this process cannot look."""
    found = [{"run": None, "detail": detail} for detail in (off or ())]
    ok = None if off is None else not off
    return {"name": name, "holds": holds, "ok": ok, "count": len(found), "found": found[: doctor.SHOWN], "remedy": remedy if off else None}


def _clock(tx: Tx) -> Finding:
    row = tx.execute("SELECT clock_timestamp() AS at").fetchone()
    assert row is not None
    apart_s = (datetime.now(UTC) - row["at"]).total_seconds()
    off = [f"they are {apart_s:.1f} s apart"] if abs(apart_s) > 5 else []
    remedy = "let NTP set both; leases and schedules go by the database's clock, times in logs by each machine's own"
    return _finding("clock", "this machine's clock and the database's agree within 5 s", remedy, off)


def _broker(settings: Settings) -> Finding:
    try:
        redis.Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2).ping()
        off = []
    except redis.RedisError as error:
        off = [str(error)]
    return _finding("broker", "Redis answers", "start it, or check PENSTOCK_REDIS_URL; runs wait until it is back", off)


def _room(settings: Settings) -> Finding:
    folders = {folder for folder in (settings.home, _local(settings)) if folder is not None and folder.exists()}
    off: list[str] | None = [] if folders else None
    for folder in sorted(folders):
        usage = shutil.disk_usage(folder)
        if off is not None and usage.free < usage.total * _LEAST_FREE:
            off.append(f"{folder}: {usage.free / 10**9:.1f} GB of {usage.total / 10**9:.1f} GB are free")
    return _finding("room", "the disks of state and staging have a twentieth free", "make room, or move the folder", off)


def _local(settings: Settings) -> Path | None:
    return None if settings.staging is None or staging.in_bucket(settings.staging) else Path(settings.staging)


def _staging(tx: Tx, settings: Settings) -> Finding:
    """Folders of runs that nobody needs and nobody has swept."""
    holds = "staged rows are of runs that need them, or were kept on purpose for the retention"
    remedy = "a scheduler that leads and sees this folder sweeps it: see its log, and that it has the same PENSTOCK_STAGING_URL"
    if (folder := _local(settings)) is None:
        return _finding("staging", holds, remedy, None)
    names = [name for name in staging.names(str(folder)) if _is_id(name)]
    due = datetime.now(UTC) - settings.staging_retention - _SWEPT_WITHIN
    known = {run["id"]: run["finished_at"] for run in runs.ended(tx, names)}
    unfinished = runs.there(tx, names) - set(known)
    late = [name for name, at in known.items() if at < due]
    orphans = [name for name in names if name not in known and name not in unfinished and UUID(name) < least_id(due)]
    off = [f"{name}: its run ended longer ago than staged rows are kept" for name in late]
    return _finding("staging", holds, remedy, off + [f"{name}: there is no such run" for name in orphans])


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
