"""Triggers of pipelines, and dependencies, that were saved by a release without them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.scheduler.apart import apart
from shared.dispatch.dependencies import put
from shared.pipelines.language import InvalidDocument, starts
from shared.pipelines.validation import known_from, stored_document, validate
from shared.store import dependencies, resources, triggers
from shared.store.database import Database, Tx
from shared.store.definitions import DefinitionMissing

AT_ONCE = 100
log = logging.getLogger("scheduler")


def adopt(database: Database) -> bool:
    """Some of them, each under the row of its pipeline, as a save would do it. True while there may be more."""
    with database.transaction() as tx:
        found = triggers.unsynced(tx, AT_ONCE)
        done = 0
        for row in found:
            try:
                read = starts(stored_document(resources.document(tx, row["uid"], row["version"])))
            except InvalidDocument as error:
                # Valid by the rules of then only: saving it again says what is wrong now.
                log.warning("%s/%s does not start by itself: %s", row["namespace"], row["name"], error.message)
                triggers.sync(tx, row["namespace"], row["name"], row["version"], triggers.NOTHING)
            except DefinitionMissing as error:
                # It may come back; then it is found in an hour.
                log.warning("%s/%s does not start by itself yet: %s", row["namespace"], row["name"], error.message)
                continue
            else:
                triggers.sync(tx, row["namespace"], row["name"], row["version"], read)
            done += 1
    return len(found) == AT_ONCE and done > 0


def adopt_dependencies(database: Database) -> None:
    """Until there are none left. One that closes a ring with others takes no effect until it is saved again."""
    while True:
        with database.transaction() as tx:
            dependencies.lock(tx)
            found = dependencies.unsynced(tx, AT_ONCE)
            done = 0
            for row in found:
                with apart(tx, f"PipelineDependency {row['namespace']}/{row['name']} of an older release"):
                    _adopt(tx, row)
                    done += 1
        # Those that cannot be read now stay, and are found again in an hour.
        if len(found) < AT_ONCE or not done:
            return


def _adopt(tx: Tx, row: Mapping[str, Any]) -> None:
    resources.hold(tx, "PipelineDependency", row["namespace"], row["name"])
    try:
        document = stored_document(resources.document(tx, row["uid"], row["version"]))
        said: dict[str, list[tuple[str, str]]] = {}
        for pair in dependencies.order(tx):
            said.setdefault(pair["document"], []).append((pair["upstream"], pair["downstream"]))
        problems = [one.message for one in validate([document], replace(known_from(()), order=said)) if one.severity == "error"]
    except InvalidDocument as error:
        problems = [error.message]
    if problems:
        log.warning("PipelineDependency %s/%s takes no effect: %s", row["namespace"], row["name"], problems[0])
        dependencies.adopted(tx, row["namespace"], row["name"], row["version"])
    else:
        put(tx, document, row["version"])
