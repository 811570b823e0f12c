"""Data quality: how good each dataset is and was, what its rules say, and checks that people ask for.

A dataset is called as in `ns/connector:table`, with its slashes as they are or encoded. A check is known by the run that made it, or by the
request that asked for it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, jsonify, make_response, url_for
from marshmallow import EXCLUDE

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, nothing
from services.api.problems import Refused, brief
from services.api.recipes.planned import wait_for
from services.api.resources.documents import stamp
from services.api.resources.looking import NO_BODY
from services.api.schemas.looking import Waiting
from services.api.schemas.quality import (
    Check,
    Checks,
    DatasetQuality,
    DatasetQuery,
    Offenders,
    OffendersQuery,
    RunQuery,
    SubjectsQuery,
    Suggested,
    Summary,
    SummaryPage,
)
from shared.datasets.staging import fetched
from shared.engines.program import CHECK
from shared.errors import PenstockError
from shared.pipelines.model import RuleSet
from shared.pipelines.validation import stored_document, stored_rule_set
from shared.planning.on_demand import of_rule_set
from shared.rules.anomaly import kept_for
from shared.rules.budget import budget
from shared.rules.suggest import document
from shared.store import quality, requests, resources
from shared.store.database import Tx
from shared.store.quality import Subject

blueprint = Blueprint("quality", __name__, url_prefix="/api/v1", description="Data quality")
# A check that nobody has taken up by then is not made any more.
VALID = timedelta(hours=1)
_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
_FILE: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "Rows that fail",
            "content": {"application/json": {"schema": Offenders}, **{kind: {"schema": {"type": "string"}} for kind in _TYPES.values()}},
        },
        "default": {"$ref": "#/components/responses/DEFAULT_ERROR"},
    }
}

PARQUET = "application/vnd.apache.parquet"
_PARQUET: dict[str, Any] = {
    "responses": {
        "200": {"description": "The rows", "content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}},
        "default": {"$ref": "#/components/responses/DEFAULT_ERROR"},
    }
}


@blueprint.get("/quality")
@blueprint.arguments(SubjectsQuery, location="query")
@blueprint.response(200, SummaryPage)
@ndjson.lines(Summary)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """The newest check of each dataset in each scope, by each rule set."""
    who, limit = caller(), query["limit"]
    if "namespace" in query:
        who.may("viewer", query["namespace"])
    namespaces = [query["namespace"]] if "namespace" in query else who.visible
    with database().transaction() as tx:
        after = cursors.subject(query)
        rows = quality.subjects(tx, after=after, limit=limit + 1, namespaces=namespaces, dataset=query.get("dataset"))
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = cursors.cursor(last["namespace"], last["dataset"], last["scope"], last["rule_set"] or "")
    return {"items": [{**_summary(row), "drift": row["drift"]} for row in rows[:limit]], "nextCursor": following}


@blueprint.get("/quality/<namespace>/<path:dataset>")
# A dataset's name may look like the address of another call (…/run), whose words are no mistake: then there is none of that name.
@blueprint.arguments(DatasetQuery, location="query", unknown=EXCLUDE)
@blueprint.response(200, DatasetQuality)
def read(query: dict[str, Any], namespace: str, dataset: str) -> dict[str, Any]:
    """Its newest check in full, its error budget, and how it was before."""
    caller().may("viewer", namespace)
    dataset = _in_full(namespace, dataset)
    with database().transaction() as tx:
        there = quality.of_dataset(tx, namespace, dataset)
        newest = _chosen(there, query, namespace, dataset)
        subject = _subject(newest)
        rules = _rule_set(tx, subject)
        return {
            **_whole(tx, newest["run"], [newest])[0],
            "objective": _objective(tx, subject, rules),
            "history": [{**_summary(row), "drift": row["drift"]} for row in quality.past(tx, subject, query["limit"])],
            "subjects": [
                {"scope": one["scope"], "ruleSet": one["rule_set"], "at": stamp(one["at"]), "score": one["score"]} for one in there
            ],
        }


@blueprint.post("/quality/<namespace>/<path:dataset>/suggest")
@blueprint.doc(**NO_BODY)
@blueprint.arguments(DatasetQuery, location="query")
@blueprint.response(200, Suggested)
def suggest(query: dict[str, Any], namespace: str, dataset: str) -> dict[str, Any]:
    """Rules that hold of its newest profile, as a rule set to be looked through. Saves nothing."""
    caller().may("viewer", namespace)
    nothing()
    dataset = _in_full(namespace, dataset)
    with database().transaction() as tx:
        there = quality.of_dataset(tx, namespace, dataset)
        _chosen(there, query, namespace, dataset)
        found = [quality.newest_profile(tx, _subject(row)) for row in there if _meant(row, query)]
    profiled = max((one for one in found if one is not None), key=lambda one: one["at"], default=None)
    if profiled is None:
        raise Refused(409, f"nothing of {brief(dataset)} was profiled yet; run its rule set, or a pipeline that writes it")
    text, rules = document(profiled["profile"], namespace, dataset)
    return {"document": text, "rules": rules}


@blueprint.post("/quality/<namespace>/<rule_set>/run")
@blueprint.doc(**NO_BODY)
@blueprint.arguments(RunQuery, location="query")
@blueprint.response(200, Checks)
@blueprint.alt_response(202, schema=Waiting)
def run(query: dict[str, Any], namespace: str, rule_set: str) -> Any:
    """Checks all that is there now, where it is, apart from any run."""
    who = caller()
    who.may("operator", namespace)
    nothing()
    with database().transaction() as tx:
        row = resources.current(tx, "DataQualityRuleSet", namespace, rule_set)
        if row is None:
            raise Refused(404, f"there is no rule set {brief(f'{namespace}/{rule_set}')}; apply a document of kind DataQualityRuleSet")
        if not row["valid"]:
            raise Refused(409, f"rule set {namespace}/{rule_set} is a draft with errors; correct it, and apply it again")
        try:
            rules = stored_rule_set(row["document"])
            program = of_rule_set(rules, _sink(tx, rules)).to_json()
        except PenstockError as error:
            raise Refused(409, error.message) from error
        if "export" in query:
            program |= {"export": _rule(rules, query["export"]), "profile": None, "drift": None}
        request = requests.put(tx, CHECK, namespace, program, asked_by=who.name, valid_for=VALID)
    wait_for(database(), [request], query["wait"])
    return _answered(request)


@blueprint.get("/checks/<check>")
@blueprint.response(200, Checks)
@blueprint.alt_response(202, schema=Waiting)
def checks(check: str) -> Any:
    """All checks of a run, or the one that was asked for; 202 while that is on its way."""
    return _answered(identifier(check, "check"))


@blueprint.get("/checks/<check>/<int:stage>")
@blueprint.response(200, Check)
def one(check: str, stage: int) -> dict[str, Any]:
    """What one check found, rule by rule."""
    with database().transaction() as tx:
        return _whole(tx, check, [_found(tx, check, stage)])[0]


@blueprint.get("/checks/<check>/<int:stage>/offenders")
@blueprint.doc(**_FILE)
@blueprint.arguments(OffendersQuery, location="query")
def offenders(query: dict[str, Any], check: str, stage: int) -> Response:
    """Rows that fail, up to 10 of each rule, masked as they were stored; as a file, too."""
    with database().transaction() as tx:
        found = _found(tx, check, stage)
        results = quality.results(tx, found["run"], stage)
    named = [result for result in results if query.get("rule") in (None, result["rule"])]
    if not named and "rule" in query:
        there = ", ".join(result["rule"] for result in results) or "none"
        raise Refused(404, f"this check has no rule {brief(query['rule'])}; it has {brief(there, 400)}")
    rows = [{"rule": result["rule"], "row": row} for result in named for row in result["offenders"]]
    form = query["format"]
    if form == "json":
        return jsonify(items=rows)
    headers = {"Content-Disposition": f'attachment; filename="offenders.{form}"'}
    return Response(_lines(rows) if form == "jsonl" else _csv(rows), mimetype=_TYPES[form], headers=headers)


@blueprint.get("/checks/<check>/export")
@blueprint.doc(**_PARQUET)
def export(check: str) -> Response:
    """All rows that break a rule, masked, as they were collected; for as long as staged rows are kept."""
    with database().transaction() as tx:
        asked = _asked(tx, identifier(check, "check"))
        caller().may("operator", asked["namespace"] if asked is not None else None)
    found = (asked or {}).get("reply") or {}
    if "export" not in found:
        raise Refused(404, f"check {brief(check)} has collected no rows; POST /quality/NAMESPACE/RULESET/run?export=RULE collects them")

    with ExitStack() as opened:
        path = opened.enter_context(fetched(found["export"]["uri"]))
        if path is None:
            raise Refused(404, "these rows are not kept any more, or this API does not reach PENSTOCK_STAGING_URL; collect them again")
        file = opened.enter_context(path.open("rb"))
        rest = opened.pop_all()

    def blocks() -> Iterator[bytes]:
        with rest:
            while block := file.read(1 << 20):
                yield block

    return Response(blocks(), mimetype=PARQUET, headers={"Content-Disposition": 'attachment; filename="offenders.parquet"'})


def _rule(rules: RuleSet, name: str) -> str:
    names = [str(rule["name"]) for rule in rules.rules]
    if name not in names:
        raise Refused(404, f"rule set {rules.name} has no rule {brief(name)}; it has {brief(', '.join(names), 400)}")
    return name


def _asked(tx: Tx, check: str) -> dict[str, Any] | None:
    found = requests.read(tx, [check]).get(check)
    return found if found is not None and found["kind"] == CHECK else None


def _in_full(namespace: str, dataset: str) -> str:
    """As in a recipe, a connector without a namespace is of the namespace that speaks."""
    return dataset if "/" in dataset.partition(":")[0] else f"{namespace}/{dataset}"


def _chosen(there: list[dict[str, Any]], query: Mapping[str, Any], namespace: str, dataset: str) -> dict[str, Any]:
    meant = [row for row in there if _meant(row, query)]
    if meant:
        return next((row for row in meant if row["rule_set"] is not None), meant[0])
    if there:
        said = "; ".join(f"scope={row['scope']}&ruleSet={row['rule_set'] or ''}" for row in there)
        raise Refused(404, f"{brief(dataset)} was never looked at so; there is {brief(said, 400)}")
    raise Refused(404, f"no check in namespace {brief(namespace)} has looked at {brief(dataset)}; GET /quality lists what there is")


def _meant(row: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    return query.get("scope") in (None, row["scope"]) and query.get("ruleSet") in (None, row["rule_set"] or "")


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(row["namespace"], row["dataset"], row["scope"], row["rule_set"])


def _rule_set(tx: Tx, subject: Subject) -> RuleSet | None:
    """As it is now; None where it is gone, or today's rules refuse it."""
    if subject.rule_set is None:
        return None
    text = resources.current_document(tx, "DataQualityRuleSet", subject.namespace, subject.rule_set)
    try:
        return stored_rule_set(text) if text is not None else None
    except PenstockError:
        return None


def _objective(tx: Tx, subject: Subject, rules: RuleSet | None) -> dict[str, Any] | None:
    if rules is None or rules.objective is None:
        return None
    now = datetime.now(UTC)
    scores = quality.scores_since(tx, subject, now - timedelta(days=rules.objective["windowDays"]))
    return budget(scores, rules.objective, now)


def _sink(tx: Tx, rules: RuleSet) -> Mapping[str, Any] | None:
    """The settings of the sink that a rule set names, of the pipeline as it is now; None where it names something else."""
    text = resources.current_document(tx, "Pipeline", rules.namespace, str(rules.dataset.get("pipeline", "")))
    nodes = (stored_document(text).tree.get("spec") or {}).get("nodes") if text is not None else None
    for node in nodes or ():
        if node.get("id") == rules.dataset.get("node") and node.get("type") == "connector_sink":
            config: Mapping[str, Any] = node["config"]
            where = str(config.get("table") or config.get("path"))
            # What stands in a template's place is known in a run only.
            return config if "{{" not in where else None
    return None


def _answered(check: str) -> Any:
    with database().transaction() as tx:
        rows = quality.of_run(tx, check)
        if rows and caller().sees(rows[0]["namespace"]):
            return {"id": check, "items": _whole(tx, check, rows), "export": None}
        asked = caller().met("viewer", _asked(tx, check), f"check {check}; a check that nobody could make is forgotten an hour later")
    if asked["state"] == "FAILED":
        raise Refused(503 if asked["reply"].get("retryable") else 422, str(asked["reply"]["message"]))
    if asked["state"] == "DONE" and "export" in asked["reply"]:
        collected = asked["reply"]["export"]
        return {"id": check, "items": [], "export": {"rows": collected["rows"], "sizeBytes": collected["sizeBytes"]}}
    return make_response(jsonify(request=check, state=asked["state"]), 202, {"Location": url_for("quality.checks", check=check)})


def _found(tx: Tx, check: str, stage: int) -> dict[str, Any]:
    rows = [row for row in quality.of_run(tx, identifier(check, "check")) if caller().sees(row["namespace"])]
    row = next((row for row in rows if row["stage"] == stage), None)
    if row is None:
        there = f"; there are {', '.join(str(row['stage']) for row in rows)}" if rows else ""
        raise Refused(404, f"there is no check {brief(check)}/{stage}{there}")
    return row


def _whole(tx: Tx, run: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    profiles, results = quality.profiles(tx, run), quality.results(tx, run)
    nothing = {"profile": None, "drift": None}
    return [
        {
            **_summary(row),
            **{key: row[key] for key in ("formula", "blocked")},
            "metrics": {kept_for(name): value for name, value in row["metrics"].items()},
            **profiles.get((row["stage"], row["rule_set"]), nothing),
            "results": [_result(one) for one in results if (one["stage"], one["rule_set"]) == (row["stage"], row["rule_set"])],
        }
        for row in rows
    ]


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "check": {"run": row["run"], "stage": row["stage"]},
        **{key: row[key] for key in ("namespace", "dataset", "scope", "score", "partial", "passed", "failed", "errors", "rows")},
        "ruleSet": row["rule_set"],
        "at": stamp(row["at"]),
    }


def _result(row: Mapping[str, Any]) -> dict[str, Any]:
    same = ("rule", "type", "severity", "status", "passed", "blocks", "checked", "failing", "observed", "expected", "offenders", "error")
    return {**{key: row[key] for key in same}, "failingPercent": row["failing_percent"], "durationMs": row["duration_ms"]}


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield f"{json.dumps(row, ensure_ascii=False)}\n"


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\r\n")
    written.writerow(("rule", "row"))
    written.writerows((row["rule"], json.dumps(row["row"], ensure_ascii=False)) for row in rows)
    return text.getvalue()
