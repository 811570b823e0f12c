"""Triggers of pipelines that were saved by a release without triggers."""

from __future__ import annotations

import logging

from shared.pipelines.language import InvalidDocument, starts
from shared.pipelines.validation import stored_document
from shared.store import resources, triggers
from shared.store.database import Database
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
