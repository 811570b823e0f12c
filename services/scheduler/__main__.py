"""The loop: woken by the doorbell or once a second, it admits and plans runs; the leader also sweeps,
and shows in Git what was saved.

Everything it knows is in PostgreSQL, so it can be killed at any point and any other scheduler goes on from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis

from services.scheduler import staging
from services.scheduler.admission import LIVE_WITHIN
from services.scheduler.apart import AWAY
from services.scheduler.backfills import start_backfills
from services.scheduler.batches import close_batches
from services.scheduler.due import fire_due
from services.scheduler.ended import conclude
from services.scheduler.expand import expand
from services.scheduler.late import tell_late
from services.scheduler.leadership import Session
from services.scheduler.lineage import Sender
from services.scheduler.notify import deliver
from services.scheduler.recover import Recovery
from services.scheduler.settings import Settings
from services.scheduler.starts import adopt, adopt_dependencies
from services.scheduler.tidy import EVERY_S, tidy
from services.scheduler.versions import Publisher
from services.scheduler.watch import ask_due
from shared.dispatch import sending
from shared.kill_points import kill_point
from shared.messages import RequestMessage, celery_app
from shared.process import Stop, prepare
from shared.store import definitions, requests, runs
from shared.store.database import Database
from shared.versions.repository import Repository

POLL_S = 1.0
# What starts, and follows, without anybody asking for it. Each does some of it and says whether there may be more.
BY_ITSELF: tuple[Callable[[Database, Settings], bool], ...] = (fire_due, conclude, start_backfills, close_batches, ask_due, deliver)
log = logging.getLogger("scheduler")


def main() -> None:
    prepare("scheduler")
    settings = Settings.from_environment()
    log.info("starting %s", settings)
    stop = Stop().listen()
    database = Database(settings.database_url, name=settings.name, size=4, definitions=definitions.of(settings.definitions))
    app = celery_app(settings.redis_url, "penstock.scheduler")
    recovery = Recovery(database, redis.Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2), settings)
    publisher: Publisher | None = None
    if settings.repository is not None:
        publisher = Publisher(database, Repository(settings.repository), settings.remote, settings.push_every)
        publisher.start()
    sender: Sender | None = None
    if settings.openlineage is not None:
        sender = Sender(database, settings, settings.openlineage)
        sender.start()
    session: Session | None = None
    next_sweep = next_staging = next_tidy = next_late = 0.0
    adopting = False
    while not stop:
        try:
            if session is None:
                session = Session(database, settings.name, settings.leader_patience)
            # First, since somebody may be waiting for it.
            messages, more = expand(database, settings)
            sending.send(app, messages)
            for follow in BY_ITSELF:
                more = follow(database, settings) or more
            sending.send(app, _asked(database))
            leads = session.leads()
            for thread in (publisher, sender):
                if thread is not None and leads:
                    thread.leads.set()
            if leads and time.monotonic() >= next_sweep:
                sending.send(app, recovery.sweep())
                with database.transaction() as tx:
                    runs.tell_unserved(tx, LIVE_WITHIN)
                next_sweep = time.monotonic() + settings.sweep.total_seconds()
                if time.monotonic() >= next_staging:
                    staging.sweep(database, settings)
                    next_staging = time.monotonic() + settings.staging_sweep.total_seconds()
                if time.monotonic() >= next_late:
                    tell_late(database, settings)
                    next_late = time.monotonic() + settings.late_every.total_seconds()
                if time.monotonic() >= next_tidy:
                    tidy(database, settings)
                    adopting = True
                    adopt_dependencies(database)
                    next_tidy = time.monotonic() + EVERY_S
                adopting = adopting and adopt(database)
                more = more or adopting
            session.wait(0 if more else POLL_S)
        except AWAY as error:
            # Leadership goes with the session that held the lock; a new session has to win it again.
            log.warning("PostgreSQL is away, trying again: %s", error)
            for thread in (publisher, sender):
                if thread is not None:
                    thread.leads.clear()
            if session is not None:
                session.close()
                session = None
            stop.wait(POLL_S)
    for thread in (publisher, sender):
        if thread is not None:
            thread.close()
    if session is not None:
        session.close()
    database.close()


def _asked(database: Database) -> list[RequestMessage]:
    with database.transaction() as tx:
        asked = [RequestMessage.of(request, kind) for request, kind in requests.to_send(tx).items()]
    if asked:
        kill_point("scheduler.asked")
    return asked


if __name__ == "__main__":
    main()
