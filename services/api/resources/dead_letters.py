"""Dead letters: rows that did not get through. Looked for, corrected, waived, taken away, and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask import Response
from marshmallow import Schema

from services.api import cursors
from services.api.auth import Caller, caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_pipeline
from services.api.incoming import identifier, loaded
from services.api.once import accepted
from services.api.problems import Refused, brief
from services.api.recipes import replays
from services.api.recipes.exports import TYPES, exported
from services.api.recipes.masked import Masked
from services.api.resources.documents import stamp
from services.api.schemas.dead_letters import (
    Changed,
    Chosen,
    ChosenBody,
    DeadLetter,
    DeadLetterPage,
    DeadLettersQuery,
    ExportQuery,
    PatchBody,
    PatchMany,
    ReplayBody,
    Replays,
    Summary,
)
from shared.formats import exact_json
from shared.store import dead_letter_views as views
from shared.store import dead_letters
from shared.store.database import Tx
from shared.store.dead_letter_views import Choice

_MOST_OF_A_FLOAT = 300

blueprint = Blueprint("dead_letters", __name__, url_prefix="/api/v1/dead-letters", description="Rows that did not get through")


def _body(schema: type[Schema]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


FILE: dict[str, Any] = {
    "responses": {
        "200": {"description": "All of them", "content": {kind: {"schema": {"type": "string"}} for kind in TYPES.values()}},
        "default": {"$ref": "#/components/responses/DEFAULT_ERROR"},
    }
}


@blueprint.get("")
@blueprint.arguments(DeadLettersQuery, location="query")
@blueprint.response(200, DeadLetterPage)
def page(query: dict[str, Any]) -> Response:
    """Rows that did not get through, as they were, with the reason: those of the newest run first; of one run (`run`), those of a file in
    its order. Viewers see columns whose names look
    secret masked. With `contains` so many are looked through at a time: a page may be short, or empty, and still have a next one.
    """
    limit, after = query["limit"], cursors.placed(query)
    with database().transaction() as tx:
        rows, place = views.page(tx, _choice(query), after, limit)
        seen = _seen(tx, caller())
        items = [_told(seen(row)) for row in rows]
    following = cursors.cursor(*map(str, place)) if place is not None else None
    return _answer({"items": items, "nextCursor": following})


@blueprint.get("/summary")
@blueprint.arguments(Chosen, location="query")
@blueprint.response(200, Summary)
def summary(query: dict[str, Any]) -> dict[str, Any]:
    """How many there are, by pipeline, node, rule and state."""
    with database().transaction() as tx:
        rows = views.counted(tx, _choice(query))
    kept = ("node", "kind", "rule", "state", "letters")
    return {"items": [{"pipeline": _pipeline(row), **{key: row[key] for key in kept}} for row in rows]}


@blueprint.get("/export")
@blueprint.doc(**FILE)
@blueprint.arguments(ExportQuery, location="query")
def export(query: dict[str, Any]) -> Response:
    """All that are meant, as JSON lines, CSV or Parquet. Corrected JSON lines can be sent back (PATCH)."""
    form = query.pop("format")
    choice, store, who = _choice(query), database(), caller()

    def told() -> Any:
        with store.transaction() as tx:
            yield from map(_told, map(_seen(tx, who), views.every(tx, choice)))

    named = {"Content-Disposition": f'attachment; filename="dead-letters.{form}"'}
    return Response(exported(form, told()), mimetype=TYPES[form], headers=named)


@blueprint.get("/<letter>")
@blueprint.response(200, DeadLetter)
def read(letter: str) -> Response:
    """One row that did not get through."""
    with database().transaction() as tx:
        return _answer(_told(_seen(tx, caller())(_found(tx, letter, "viewer"))))


@blueprint.patch("/<letter>")
@blueprint.doc(**_body(PatchBody))
@blueprint.response(200, DeadLetter)
def patch(letter: str) -> Response:
    """Corrects the row (then it is `fixed`), waives it, or opens it again as it was; 409 for one that was replayed, or is being."""
    asked = loaded(PatchBody(), exact=True)
    with database().transaction() as tx:
        _change(tx, letter, asked)
        return _answer(_told(_found(tx, letter, "viewer")))


@blueprint.patch("")
@blueprint.doc(**_body(PatchMany))
@blueprint.response(200, Changed)
def patch_many() -> dict[str, Any]:
    """The same for up to 500, all or none. Says how many it changed: a record that is as it was before corrects nothing."""
    asked = loaded(PatchMany(), exact=True)["letters"]
    with database().transaction() as tx:
        changed = [_change(tx, one["id"], one, unless_same=True) for one in sorted(asked, key=lambda one: str(one["id"]))]
    return {"letters": sum(changed)}


@blueprint.post("/waive")
@blueprint.doc(**_body(ChosenBody))
@blueprint.response(200, Changed)
def waive() -> dict[str, Any]:
    """All that are meant and still open or fixed: somebody has looked, and they need not get through."""
    choice = _meant(loaded(ChosenBody()))
    with database().transaction() as tx:
        return {"letters": dead_letters.waive(tx, choice, caller().name)}


@blueprint.delete("/<letter>")
@blueprint.response(204)
def delete_one(letter: str) -> None:
    """Takes it away for good."""
    with database().transaction() as tx:
        row = _found(tx, letter, "operator")
        if not dead_letters.delete(tx, Choice(ids=(row["id"],))):
            raise Refused(409, f"run {row['replay_run']} replays this row; wait until it has ended")


@blueprint.delete("")
@blueprint.arguments(Chosen, location="query")
@blueprint.response(200, Changed)
def delete(query: dict[str, Any]) -> dict[str, Any]:
    """Takes away all that are meant; what a run replays stays."""
    choice = _meant(query)
    with database().transaction() as tx:
        return {"letters": dead_letters.delete(tx, choice)}


@blueprint.post("/replay")
@blueprint.doc(**_body(ReplayBody))
@blueprint.response(202, Replays)
def replay() -> Response:
    """Runs them again, as they were corrected, through the node that rejected them: a run for each run and node. 202 once they are kept."""
    asked = loaded(ReplayBody())
    version, again, reason = replays.version_asked(asked.pop("version")), asked.pop("allowDuplicates"), asked.pop("reason", None)
    choice = _meant(asked)

    def start(tx: Tx) -> tuple[Any, str]:
        runs = replays.replay(tx, choice, version, reason=reason, again=again, by=caller().name)
        return {"letters": sum(run["letters"] for run in runs), "runs": runs}, f"/api/v1/runs/{runs[0]['id']}"

    return accepted(start)


def _choice(said: Mapping[str, Any]) -> Choice:
    """Of what the caller may see."""
    found = {key: said[key] for key in ("node", "rule", "kind", "state", "contains") if key in said}
    namespace, pipeline = of_pipeline(said)
    run = identifier(said["run"], "run") if "run" in said else None
    ids = tuple(identifier(one, "dead letter") for one in said["ids"]) if "ids" in said else None
    visible = caller().visible
    return Choice(
        run=run, ids=ids, namespace=namespace, pipeline=pipeline, visible=tuple(visible) if visible is not None else None, **found
    )


def _meant(said: Mapping[str, Any]) -> Choice:
    """Of what the caller may change; not simply all there is. Raises Refused."""
    caller().may("operator")
    if not any(key in said for key in ("run", "ids", "pipeline", "node", "rule", "namespace")):
        raise Refused(422, "say which dead letters are meant: by ids, run, pipeline, namespace, node or rule")
    return _choice(said)


def _found(tx: Tx, letter: str, role: str, *, lock: bool = False) -> dict[str, Any]:
    return caller().met(role, views.one(tx, identifier(letter, "dead letter"), lock=lock), f"dead letter {brief(letter)}")


def _change(tx: Tx, letter: str, asked: Mapping[str, Any], *, unless_same: bool = False) -> bool:
    """`unless_same`: not where all that is said is a record, and it says nothing new. Returns whether it was changed. Raises Refused."""
    row = _found(tx, letter, "operator", lock=True)
    if "record" not in asked and "state" not in asked:
        raise Refused(422, f"say what is to become of letter {row['id']}: record, state, or both")
    state = asked.get("state", "fixed")
    if "record" in asked and state != "fixed":
        raise Refused(422, f"letter {row['id']}: a corrected record is fixed; leave state out")
    if "record" not in asked and state == "fixed" and row["record"] is None:
        raise Refused(422, f"letter {row['id']}: say how it is fixed, in record; a row that is right as it is can be replayed as it is")
    record = _corrections(row, asked["record"]) if "record" in asked else None
    if unless_same and record == {} and "state" not in asked:
        return False
    if row["kind"] == "line" and record and isinstance(text := record.get("line", record.get("record")), str):
        replays.check_line(tx, row, text)
    if not dead_letters.change(tx, row["id"], record=record, state=state, by=caller().name, again=asked.get("allowDuplicates", False)):
        if row["state"] != "replayed" and row["holder_status"] in {"FAILED", "CANCELLED", "TIMED_OUT"}:
            raise Refused(
                409,
                f"letter {row['id']} is held by run {row['replay_run']}, which ended {row['holder_status']} and may have written the row:"
                " retry that run, waive the row, or change it with allowDuplicates: true",
            )
        done = f"was replayed by run {row['replay_run']}" if row["state"] == "replayed" else f"is being replayed by run {row['replay_run']}"
        raise Refused(409, f"letter {row['id']} {done}, and cannot be changed any more")
    return True


def _corrections(row: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the record as it is; what does not keeps all its digits. Raises Refused(422) for columns that it does not have."""
    before = row["record"] if row["record"] is not None else row["original_record"]
    if unknown := [name for name in record if name not in before]:
        raise Refused(422, f"letter {row['id']}: the record has no {brief(unknown[0])}; it has {brief(', '.join(before), 300)}")
    return {name: value for name, value in record.items() if not _is_same(value, before[name])}


def _is_same(value: Any, before: Any) -> bool:
    """Also a number as it is told by who has read it as a float, which has 15 to 17 digits of it."""
    if _is_number(value) and _is_number(before):
        return bool(value == before) or (abs(Decimal(before).adjusted()) < _MOST_OF_A_FLOAT and value == Decimal(repr(float(before))))
    return type(value) is type(before) and bool(value == before)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _seen(tx: Tx, who: Caller) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A letter as they may see it: who may change nothing sees no secrets, which a correction would need."""
    return Masked(tx) if who.role == "viewer" else lambda row: row


def _answer(body: Mapping[str, Any]) -> Response:
    """With numbers as they are, which Flask's own JSON would round."""
    return Response(exact_json.dumps(body), mimetype="application/json")


def _pipeline(row: Mapping[str, Any]) -> dict[str, str]:
    return {"namespace": row["namespace"], "name": row["pipeline"]}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "run": row["run"],
        "pipeline": _pipeline(row),
        **{
            key: row[key]
            for key in ("node", "kind", "rule", "original_record", "record", "error_message", "position", "retry_count", "state")
        },
        "replayRun": row["replay_run"],
        "timestamp": stamp(row["at"]),
        "changedAt": stamp(row["changed_at"]),
        "changedBy": row["changed_by"],
    }
