"""Why a run failed, or does not go on: the likeliest causes, what they rest on, what to do, and a correction where one can be made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import redis
from flask import current_app

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import loaded
from services.api.problems import Refused
from services.api.recipes.diagnosed import case_of, look_anew
from services.api.resources.documents import stamp
from services.api.resources.runs import found
from services.api.schemas.diagnoses import DiagnoseRun, DiagnosisOfRun
from shared.assistant import AssistantFailed, Endpoint
from shared.diagnosis import Case, Diagnosis, diagnose
from shared.diagnosis.causes.shapes import outdated
from shared.diagnosis.consulting import RULES, Proposal, proposal, question

blueprint = Blueprint("diagnoses", __name__, url_prefix="/api/v1/runs", description="Why a run failed")
log = logging.getLogger(__name__)
BODY: dict[str, Any] = {"requestBody": {"required": False, "content": {"application/json": {"schema": DiagnoseRun}}}}


@blueprint.post("/<run>/diagnose")
@blueprint.doc(**BODY)
@blueprint.response(200, DiagnosisOfRun)
def ask(run: str) -> dict[str, Any]:
    """Changes nothing. Of a run that goes on: why it waits, or is slow. Where a source is not what it is known to be, workers look at it
    first, which may take a few seconds.
    """
    body = loaded(DiagnoseRun())
    breakers: redis.Redis = current_app.extensions["penstock.breakers"]
    with database().transaction() as tx:
        row = found(tx, run)
        if body["assistant"]:
            # It costs whoever runs the server, and the recipe leaves the house.
            caller().may("editor", row["namespace"])
        case = case_of(tx, row, breakers)
    if outdated(case):
        look_anew(database(), case, caller().name)
        with database().transaction() as tx:
            case = case_of(tx, row, breakers)
    made = diagnose(case)
    endpoint: Endpoint | None = current_app.extensions["penstock.settings"].assistant
    proposed = _consulted(endpoint, case, made).to_json() if body["assistant"] else None
    return {
        "run": row["id"],
        "status": row["status"],
        **_told(made.to_json()),
        "assistantAvailable": endpoint is not None,
        "assistant": proposed,
    }


def _consulted(endpoint: Endpoint | None, case: Case, made: Diagnosis) -> Proposal:
    """Outside of any transaction: it may take half a minute."""
    if endpoint is None:
        raise Refused(
            409, "no language model is set up here; set PENSTOCK_ASSISTANT_URL and PENSTOCK_ASSISTANT_MODEL, or leave assistant out"
        )
    try:
        return proposal(case, endpoint.model, endpoint.ask(RULES, question(case, made)))
    except AssistantFailed as failed:
        log.warning("no answer of the assistant: %s", failed.message)
        return Proposal(endpoint.model, "", refused=failed.message)


def _told(made: dict[str, Any]) -> dict[str, Any]:
    """With times as they are told."""
    seen: Mapping[str, Any] | None = made["seen"]
    if seen is None:
        return made
    well = seen["lastWell"]
    last = {"run": well["id"], "version": well["version"], "finishedAt": stamp(well["finished_at"])} if well is not None else None
    return {**made, "seen": {**seen, "since": stamp(seen["since"]), "last": stamp(seen["last"]), "lastWell": last}}
