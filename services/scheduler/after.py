"""Triggers of type pipeline: the end of one run starts another pipeline, once for each end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from services.scheduler.apart import started
from services.scheduler.settings import Settings
from shared.dispatch.starting import Asked, Version
from shared.pipelines.language import InvalidDocument
from shared.pipelines.parameters import declared
from shared.pipelines.validation import stored_document
from shared.store import dependencies, resources, triggers
from shared.store.database import Tx
from shared.store.endings import Ending
from shared.store.identifiers import new_id
from shared.store.triggers import Trigger
from shared.triggers.told import told

# Ends that each setting of `on` means. A run that somebody cancelled has not failed.
ON: Mapping[str, frozenset[str]] = {
    "success": frozenset({"SUCCEEDED"}),
    "failure": frozenset({"FAILED", "TIMED_OUT"}),
    "any": frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED"}),
}
log = logging.getLogger("scheduler")


def after(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion from the end of a run."""
    found = [one for one in triggers.after(tx, ending.namespace, ending.pipeline) if ending.status in ON[one.config["on"]]]
    end = dependencies.end_of(tx, ending.run) if found else None
    if end is None or end["trigger"].get("type") == "replay":
        # Rejected rows that go through again are no other run of their pipeline.
        return
    for trigger in found:
        _start(tx, trigger, ending, end, settings)


def _start(tx: Tx, trigger: Trigger, ending: Ending, end: Mapping[str, Any], settings: Settings) -> None:
    run, key = new_id(), f"{ending.run}/{ending.id}"
    upstream = f"{ending.namespace}/{ending.pipeline}"
    row = resources.at_version(tx, "Pipeline", trigger.namespace, trigger.pipeline, trigger.version)
    assert row is not None
    offered = {
        **end["parameters"],
        "upstream_run_id": ending.run,
        "upstream_pipeline": upstream,
        "upstream_status": ending.status,
        "upstream_logical_date": told(end["logical_date"]),
    }
    try:
        taken = {parameter.name for parameter in declared(stored_document(row["document"]).tree["spec"])}
    except InvalidDocument as error:
        # Valid by the rules of then only: saving it again says what is wrong now.
        if triggers.fired(tx, trigger, key, run=None, outcome="refused", detail=error.to_json()):
            triggers.looked(tx, trigger, look_at=None, problem=error.to_json())
        return
    given = {name: value for name, value in offered.items() if name in taken}
    detail = {"runId": ending.run, "status": ending.status, "parameters": sorted(given), "notTaken": sorted(set(offered) - set(given))}
    if not triggers.fired(tx, trigger, key, run=run, outcome="run", detail=detail):
        return
    said = {"type": "pipeline", "name": trigger.name, "pipeline": upstream, "runId": ending.run, "status": ending.status}
    interval = end["data_interval_start"] or end["logical_date"]
    problem = None
    refused = started(tx, Version.of(row), Asked(said, end["logical_date"], interval, "pipeline", given), settings.template_env, run)
    if refused is not None:
        log.warning("%s/%s could not start after run %s: %s", trigger.namespace, trigger.pipeline, ending.run, refused.message)
        problem = refused.to_json()
        triggers.refused(tx, trigger, key, problem)
    triggers.looked(tx, trigger, look_at=None, problem=problem)
