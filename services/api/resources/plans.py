"""Plans: what a run would do, and whether that still holds when a run is asked for by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, loaded
from services.api.problems import Refused, brief
from services.api.recipes import planned
from services.api.recipes.asked import runnable, start_of_interval, values_of
from services.api.resources.documents import stamp
from services.api.schemas.plans import ApprovePlan, Plan, PlanQuery, PlanRun
from shared.pipelines.language import RunValues
from shared.planning.errors import PlanProblem
from shared.store import shown_plans
from shared.store.database import Tx
from shared.store.identifiers import new_id

blueprint = Blueprint("plans", __name__, url_prefix="/api/v1", description="What runs would do")
WAIT_S = 10.0
_WITHOUT_FACTS = "this plan was made without facts about its sources and destinations; plan again when they can be reached"
BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": PlanRun}}}}


@blueprint.post("/pipelines/<namespace>/<name>/plan")
@blueprint.doc(**BODY)
@blueprint.arguments(PlanQuery, location="query")
@blueprint.response(200, Plan)
def make(query: dict[str, Any], namespace: str, name: str) -> dict[str, Any]:
    """Runs nothing. Workers look at sources and destinations that are not known, or not recently; that may take `wait` seconds."""
    who = caller()
    who.may("viewer", namespace)
    body, made = loaded(PlanRun()), new_id()
    logical_date = body.get("logicalDate", datetime.now(UTC))
    with database().transaction() as tx:
        row = runnable(tx, namespace, name, body.get("version"))
        start = start_of_interval(tx, namespace, row["document"], logical_date)
        values = values_of(tx, row["document"], body, made, logical_date, start)
        others = planned.pipelines(tx, who.visible)
    parameters = values.plain_parameters() if values else {}

    def by_facts(max_age: timedelta) -> dict[str, Any]:
        return planned.planned(_look(row, values, max_age, query["wait"]), others, parameters)

    try:
        shown = by_facts(current_app.extensions["penstock.settings"].facts_max_age)
    except PlanProblem:
        # What was known may not be so any more, since somebody has made the table that was missing.
        shown = by_facts(timedelta(0))
    about = {"parameters": parameters, "logicalDate": logical_date, "fingerprint": shown["fingerprint"], "plan": shown}
    about["requiresApproval"] = body.get("requiresApproval", False)
    with database().transaction() as tx:
        shown_plans.put(
            tx, made, namespace=namespace, pipeline=name, version=row["version"], sha=row["git_commit_sha"], about=about, by=who.name
        )
        return _reply(made, _found(tx, made, "viewer"))


@blueprint.get("/plans/<plan>")
@blueprint.response(200, Plan)
def read(plan: str) -> dict[str, Any]:
    """As it was shown; kept for a week."""
    with database().transaction() as tx:
        return _reply(plan, _found(tx, plan, "viewer"))


@blueprint.post("/plans/<plan>/approve")
@blueprint.doc(requestBody={"required": False, "content": {"application/json": {"schema": ApprovePlan}}})
@blueprint.response(200, Plan)
def approve(plan: str) -> dict[str, Any]:
    """Says that a run may be asked for by it; who did so first stays on record. 409 for a plan that no run can be asked for by."""
    body = loaded(ApprovePlan())
    with database().transaction() as tx:
        row = _found(tx, plan, "operator")
        if row["fingerprint"] is None:
            raise Refused(409, _WITHOUT_FACTS)
        shown_plans.approve(tx, identifier(plan, "plan"), by=caller().name, reason=body.get("reason"))
        return _reply(plan, _found(tx, plan, "operator"))


def _found(tx: Tx, plan: str, role: str) -> dict[str, Any]:
    return caller().met(role, shown_plans.read(tx, identifier(plan, "plan")), f"plan {brief(plan)}")


def still_holding(plan: str, namespace: str, name: str) -> dict[str, Any]:
    """The plan that a run is asked for by, as `shown_plans.read`. Raises Refused(409) where it does not hold any more, or is to be approved
    and is not.
    """
    with database().transaction() as tx:
        made = shown_plans.read(tx, identifier(plan, "plan"))
        if made is None or (made["namespace"], made["pipeline"]) != (namespace, name):
            raise Refused(404, f"there is no plan {brief(plan)} of pipeline {namespace}/{name}; plan it again")
        row = runnable(tx, namespace, name, made["version"])
        start = start_of_interval(tx, namespace, row["document"], made["logical_date"])
        values = values_of(tx, row["document"], made, new_id(), made["logical_date"], start)
    if made["fingerprint"] is None:
        raise Refused(409, _WITHOUT_FACTS)
    if made["requires_approval"] and made["approved_by"] is None:
        raise Refused(
            409, f"this plan is to be approved before it is run; POST /plans/{identifier(plan, 'plan')}/approve", kind="plan-unapproved"
        )
    # Everything is looked at anew: what was true an hour ago is what the plan says already.
    now = planned.planned(_look(row, values, timedelta(0), WAIT_S), (), made["parameters"])
    if now["facts"] == "stale":
        late = next(one for one in now["looked"] if one["why"])
        raise Refused(409, f"whether this plan still holds cannot be told: {late['connector']}: {late['why']}", kind="plan-unchecked")
    if now["fingerprint"] != made["fingerprint"]:
        raise Refused(409, f"this plan does not hold any more: {_change(made['plan'], now)}; plan again", kind="plan-changed")
    return made


def _look(row: dict[str, Any], values: RunValues | None, max_age: timedelta, wait_s: float) -> planned.World:
    return planned.look(database(), row, values.key if values else "", asked_by=caller().name, max_age=max_age, wait_s=wait_s)


def _change(before: dict[str, Any], now: dict[str, Any]) -> str:
    """In words, as far as the plans themselves show it."""
    if now["facts"] == "missing":
        return f"{now['missing'][0]['connector']} cannot be looked at now ({now['missing'][0]['why']})"
    for old, new in zip(before["sources"], now["sources"], strict=False):
        if (old["columns"], old["version"]) != (new["columns"], new["version"]):
            return f"what node {old['node']} reads ({old['object']}) has other columns, or its server is another, than when it was planned"
    return "a destination or where stages run is another than when it was planned"


def _reply(plan: str, row: dict[str, Any]) -> dict[str, Any]:
    """`row`: as `shown_plans.read`."""
    return {
        "id": plan,
        "pipeline": {"namespace": row["namespace"], "name": row["pipeline"]},
        "version": row["version"],
        "gitCommitSha": row["git_commit_sha"],
        "parameters": row["parameters"],
        "logicalDate": stamp(row["logical_date"]),
        "createdBy": row["created_by"],
        "createdAt": stamp(row["created_at"]),
        "requiresApproval": row["requires_approval"],
        "approval": approval(row),
        **row["plan"],
    }


def approval(row: dict[str, Any]) -> dict[str, Any] | None:
    """Who has approved a plan, when and why; None: nobody."""
    if row["approved_by"] is None:
        return None
    return {"by": row["approved_by"], "at": stamp(row["approved_at"]), "reason": row["approval_reason"]}
