"""Triggers of pipelines that were saved by a release without triggers."""

from __future__ import annotations

import logging

from shared.pipelines.language import InvalidDocument, starts
from shared.pipelines.validation import stored_document
from shared.store import resources, triggers
from shared.store.database import Database

AT_ONCE = 100
log = logging.getLogger("scheduler")


def adopt(database: Database) -> None:
    """Until there are none left; each under the row of its pipeline, as a save would do it."""
    while True:
        with database.transaction() as tx:
            found = triggers.unsynced(tx, AT_ONCE)
            for row in found:
                resources.hold(tx, "Pipeline", row["namespace"], row["name"])
                try:
                    read = starts(stored_document(resources.document(tx, row["uid"], row["version"])))
                except InvalidDocument as error:
                    # Valid by the rules of then only: saving it again says what is wrong now.
                    log.warning("%s/%s does not start by itself: %s", row["namespace"], row["name"], error.message)
                    triggers.sync(tx, row["namespace"], row["name"], row["version"], triggers.NOTHING)
                    continue
                triggers.sync(tx, row["namespace"], row["name"], row["version"], read)
        if len(found) < AT_ONCE:
            return
