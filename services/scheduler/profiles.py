"""What each run has written is profiled, where no rule set looks at it: asked for at its end, behind the work and in nobody's way."""

from __future__ import annotations

import logging
from datetime import timedelta

from services.scheduler.settings import Settings
from shared.engines.program import PROFILE
from shared.errors import PenstockError
from shared.pipelines.validation import stored_connector, stored_document
from shared.planning.on_demand import of_sink
from shared.store import quality_requests, requests, resources, run_ends
from shared.store.database import Tx
from shared.store.endings import Ending

# Whoever is waiting in the line for longer has a later run behind it.
VALID = timedelta(minutes=30)
BY = "scheduler"
log = logging.getLogger("scheduler")


def profile(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion: a request for each destination of the run, unless one of it waits already."""
    if not settings.quality_default:
        return
    try:
        _ask(tx, ending)
    except PenstockError as error:
        # A text that cannot be read: the other conclusions must not wait for it.
        log.warning("what run %s has written is not profiled: %s", ending.run, error.message)


def _ask(tx: Tx, ending: Ending) -> None:
    written = quality_requests.written(tx, ending.run)
    run = run_ends.run(tx, ending.run) if written else None
    if run is None or not _wanted(resources.document(tx, run["resource_uid"], run["version"])):
        return
    for sink in written:
        namespace, _, name = sink["connector"].partition("/")
        text = resources.current_document(tx, "Connector", namespace, name)
        program = of_sink(sink, stored_connector(text).type) if text is not None else None
        if program is not None and not quality_requests.waits(tx, ending.namespace, program.dataset):
            requests.put(tx, PROFILE, ending.namespace, program.to_json(), asked_by=BY, valid_for=VALID)


def _wanted(text: str) -> bool:
    spec = stored_document(text).tree.get("spec")
    return not isinstance(spec, dict) or spec.get("qualityDefault", "on") != "off"
