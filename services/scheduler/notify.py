"""Tells people of runs: what the end of a run means to them (`tell`, a conclusion), and the way out to the workers (`deliver`).

A note is a row, made with the other conclusions, so that each end is told of once. What is sent, held back or counted is settled by one
scheduler at a time; a worker does the sending, asked like for anything else that the platform wants of one, and the row says when to ask
again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import yaml

from services.scheduler import budgets
from services.scheduler.settings import Settings
from services.scheduler.turn import turn
from shared.engines.program import TellProgram
from shared.errors import PenstockError
from shared.notifications.changes import changes
from shared.notifications.events import FAILED, Ended, told
from shared.notifications.messages import message
from shared.notifications.wanted import Wish, Wishes, wishes
from shared.pipelines.validation import full_name
from shared.secrets.references import find
from shared.store import notifications, quality, requests, resources, run_ends, schemas
from shared.store.database import Database, Tx
from shared.store.definitions import DefinitionMissing
from shared.store.endings import Ending
from shared.store.notifications import Note
from shared.store.quality import Subject

AT_ONCE = 100
BY = "scheduler"
log = logging.getLogger("scheduler")


def tell(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion: notes of what an end of a run means to those who want to hear of it."""
    if ending.status not in ("SUCCEEDED", *FAILED):
        # Somebody ended it, or it never began.
        return
    row = run_ends.run(tx, ending.run)
    if row is None:
        return
    try:
        wanted = wishes(resources.document(tx, row["resource_uid"], row["version"]), mail=settings.mail)
    except DefinitionMissing:
        # It may be back any moment; what follows from this end waits for it.
        raise
    except PenstockError as error:
        # The other conclusions must not wait for a text that cannot be read.
        log.warning("nobody is told of run %s: %s", ending.run, error.message)
        return
    if not wanted.wishes:
        return
    ended = _ended(tx, row, ending, wanted)
    for one in told(ended, wanted.wishes, link(settings, ending.run)):
        notifications.add(
            tx, note_of(ending.namespace, ending.pipeline, f"end/{ending.id}", one.event, one.wish, one.facts, ending.run, one.likeness)
        )


def note_of(
    namespace: str,
    pipeline: str,
    about: str,
    event: str,
    wish: Wish,
    facts: Mapping[str, str],
    run: str | None,
    likeness: str | None = None,
) -> Note:
    return Note(
        namespace,
        pipeline,
        run,
        event,
        about,
        wish.type,
        wish.target,
        wish.way,
        facts,
        BY,
        likeness=likeness,
        most_a_day=wish.limit,
        template=wish.text,
    )


def link(settings: Settings, run: str | None) -> str | None:
    return f"{settings.public_url}/api/v1/runs/{run}" if settings.public_url and run else None


def _ended(tx: Tx, row: dict[str, Any], ending: Ending, wanted: Wishes) -> Ended:
    """Only what somebody asks for is looked up."""
    before = None
    if wanted.wants("recovery") or wanted.wants("schemaChange"):
        before = run_ends.before(tx, ending.run, ending.namespace, ending.pipeline, row["finished_at"] or ending.at)
    rows = run_ends.rows(tx, ending.run)
    failed = ending.status in FAILED
    return Ended(
        namespace=ending.namespace,
        pipeline=ending.pipeline,
        run=ending.run,
        version=row["version"],
        status=ending.status,
        trigger=row["trigger"] or "",
        logical_date=row["logical_date"],
        started_at=row["started_at"],
        # It may have been asked for again in the meantime.
        finished_at=row["finished_at"] or ending.at,
        error=(row["error"] or row["node_error"]) if failed else None,
        node=row["node"] if failed else None,
        # A replay that succeeds is of rejected rows only.
        before=before["status"] if before and row["trigger"] != "replay" else None,
        read=rows["read"],
        written=rows["written"],
        rejected=rows["rejected"],
        reasons=run_ends.reasons(tx, ending.run) if rows["rejected"] and wanted.wants("rejects") else (),
        broken=run_ends.broken_rules(tx, ending.run) if wanted.wants("quality") else (),
        used_up=_used_up(tx, ending) if wanted.wants("quality") else (),
        changes=_changes(tx, ending, wanted, before) if before and wanted.wants("schemaChange") else (),
    )


def _used_up(tx: Tx, ending: Ending) -> list[str]:
    """Error budgets that this run's checks found used up, and the checks before did not: be it that good ones are too old to count."""
    found = []
    for row in quality.of_run(tx, ending.run):
        objective = budgets.objective(tx, row["namespace"], row["rule_set"]) if row["score"] is not None else None
        if objective is None:
            continue
        subject = Subject(row["namespace"], row["dataset"], row["scope"], row["rule_set"])
        now = budgets.spent_at(tx, subject, objective, row["at"])
        before = quality.scored_before(tx, subject, row["at"]) if now["usedUp"] else None
        if now["usedUp"] and (before is None or not budgets.spent_at(tx, subject, objective, before)["usedUp"]):
            found.append(
                f"{row['rule_set']}: the mean score of {row['dataset']} is {now['mean']:g} over {now['windowDays']} days, and"
                f" {now['score']:g} is promised; {now['below']} of {now['checks']} checks were below it"
            )
    return found


def _changes(tx: Tx, ending: Ending, wanted: Wishes, before: dict[str, Any]) -> list[str]:
    """Since the run before ended, of what this pipeline reads and writes."""
    named = [schemas.name_of(full_name(connector, ending.namespace), which) for connector, which in wanted.objects]
    found = []
    for row in run_ends.changed_datasets(tx, named, before["at"], ending.at):
        old, new = (yaml.safe_load(resources.document(tx, row["uid"], row[which]))["spec"]["columns"] for which in ("before", "after"))
        found += changes(row["name"], old, new)
    return found


def deliver(database: Database, settings: Settings) -> bool:
    """Settles what is new, and asks workers to send what is due. True while there may be more."""
    with turn(database) as tx:
        if not notifications.alone(tx):
            return False
        found, more = notifications.settle(tx, AT_ONCE)
        for new in found:
            worded = message(new.type, new.facts, new.template, new.repeated)
            notifications.word(tx, new.id, worded.subject, worded.text)
        due = notifications.due(tx, AT_ONCE)
        for row in due:
            program = _program(row).to_json()
            requests.put(tx, "notify", row["namespace"], program, asked_by=BY, valid_for=notifications.VALID)
    return more or len(due) == AT_ONCE


def _program(row: dict[str, Any]) -> TellProgram:
    target = dict(row["target"])
    named = target.pop("connector", None)
    # In the target a reference stands for itself: nothing that a run said gets in there.
    secrets = {text: str(one) for text in target.values() if isinstance(text, str) for one in find(text)}
    return TellProgram(
        notification=row["id"],
        type=row["type"],
        connector=full_name(named, row["namespace"]) if named else None,
        target=target,
        event=row["event"],
        subject=row["subject"],
        text=row["body"],
        facts=row["facts"],
        secrets=secrets,
    )
