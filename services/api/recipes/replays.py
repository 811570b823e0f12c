"""Runs that replay rejected rows: which ones a choice of dead letters needs, each made in the transaction that gives it its letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.api.access import request_ids, tracing
from services.api.problems import Refused
from services.api.recipes.asked import runnable, start_of_interval, values_of
from shared.formats import file_format
from shared.formats.one_record import not_one
from shared.formats.options import CsvDialect, csv_dialect
from shared.pipelines.language import RunValues, pipeline
from shared.pipelines.replay import CannotReplay, dialect_of, replayed, through
from shared.pipelines.validation import filled_document
from shared.store import dead_letter_views, dead_letters, runs
from shared.store.database import Tx
from shared.store.dead_letter_views import Choice
from shared.store.identifiers import new_id

MOST_RUNS = 100
_SAID = {"newest": None, "new": None, "current": None, "original": "original", "old": "original"}


def version_asked(said: Any) -> int | str | None:
    """None: the newest; `original`; or a number. Raises Refused(422)."""
    if isinstance(said, int) and not isinstance(said, bool) and said > 0:
        return said
    if isinstance(said, str) and said in _SAID:
        return _SAID[said]
    raise Refused(422, "version must be newest, original (the one that rejected the rows), or the number of a version")


def replay(tx: Tx, choice: Choice, version: int | str | None, *, reason: str | None, again: bool, by: str) -> list[dict[str, Any]]:
    """A run for each run and node whose letters are meant: {id, of, node, version, letters, namespace, pipeline}.

    `again`: also what an earlier replay holds that ended without success. Raises Refused: 409 where they cannot be replayed, 404
    where there are none.
    """
    groups = dead_letter_views.to_replay(tx, choice, MOST_RUNS + 1)
    if not groups:
        raise Refused(404, "no dead letter that is open or fixed is among those; `penstock dead-letters` lists what there is")
    if len(groups) > MOST_RUNS:
        raise Refused(409, f"these letters come from more than {MOST_RUNS} runs and nodes; name a run, a node or a pipeline")
    made = [run for group in groups if (run := _start(tx, choice, group, version, reason, again, by)) is not None]
    if not made:
        raise Refused(409, _held(groups[0]))
    return made


def _start(
    tx: Tx, choice: Choice, group: Mapping[str, Any], version: int | str | None, reason: str | None, again: bool, by: str
) -> dict[str, Any] | None:
    namespace, name = group["namespace"], group["pipeline"]
    row = runnable(tx, namespace, name, group["version"] if version == "original" else version)  # type: ignore[arg-type]
    run = new_id()
    start = group["data_interval_start"] or group["logical_date"]
    if row["version"] == group["version"] and row["uid"] == group["resource_uid"]:
        # What its templates came to then: the same rows, whatever the clock and the environment say now.
        values, key = group["run_values"], _key(group["run_values"])
    else:
        start = start_of_interval(tx, namespace, row["document"], group["logical_date"])
        found = values_of(tx, row["document"], {"parameters": group["parameters"]}, run, group["logical_date"], start)
        values, key = (found.to_json(), found.key) if found is not None else (None, "")
    try:
        cut = replayed(pipeline(filled_document(row["document"], key)), group["node"], lines=group["lines"])
    except CannotReplay as problem:
        raise Refused(409, problem.message, kind=problem.code) from problem
    gone_through = through(cut)
    if (other := dead_letter_views.rejected_by(tx, group["run"], [one.id for one in cut.nodes if one.id not in gone_through])) is not None:
        raise Refused(
            409,
            f"rows of {group['node']} are joined with those of {other}, and {other} rejected rows, too: pairs of two rejected rows would be"
            f" lost; correct the data and run it all again, or waive the rows of {other} (penstock dead-letters waive)",
            kind=CannotReplay.code,
        )
    letters = dead_letters.hold(tx, choice, of=group["run"], node=group["node"], lines=group["lines"], run=run, again=again)
    if not letters:
        return None
    if (letter := dead_letters.held_with_nul(tx, run)) is not None:
        raise Refused(
            409,
            f"letter {letter} cannot be replayed as it is: a text in it held NUL, for which another character stands; correct that text, or"
            " waive the letter",
        )
    if group["lines"]:
        _check_lines(tx, run, dialect_of(cut.node(group["node"])))
    runs.create(
        tx,
        run=run,
        namespace=namespace,
        pipeline=name,
        resource_uid=row["uid"],
        version=row["version"],
        git_commit_sha=row["git_commit_sha"],
        trigger={
            "type": "replay",
            "of": group["run"],
            "node": group["node"],
            "kind": group["kind"],
            "letters": letters,
            "retryCount": group["retry_count"] + 1,
            "through": sorted(gone_through),
        },
        parameters=group["parameters"],
        run_values=values,
        logical_date=group["logical_date"],
        interval_start=start,
        reason=reason,
        created_by=by,
        request_id=request_ids.current(),
        traceparent=tracing.current(),
    )
    head = {"id": run, "of": group["run"], "node": group["node"], "version": row["version"], "letters": letters}
    return {**head, "pipeline": {"namespace": namespace, "name": name}}


def _check_lines(tx: Tx, run: str, dialect: CsvDialect | None) -> None:
    """Lines are read together: one that is not a record by itself would take others with it. Raises Refused(409) for the first."""
    for letter, text in dead_letter_views.held_texts(tx, run):
        if (why := not_one(text, dialect)) is not None:
            raise Refused(
                409, f"letter {letter} cannot be replayed: {why}; correct or waive it, and replay the others", kind="not_a_record"
            )


def check_line(tx: Tx, row: Mapping[str, Any], text: str) -> None:
    """A corrected line, read as the run that rejected it read its file. Raises Refused(422)."""
    for program in dead_letter_views.programs(tx, row["run"], row["node"]):
        for read in program.get("reads", ()):
            options = read["options"]
            if read["node"] != row["node"] or "path" not in options:
                continue
            file = file_format(options["path"], options.get("format"))
            dialect = csv_dialect(file.name, options.get("options") or {}) if file.delimited else None
            if (why := not_one(text, dialect)) is not None:
                raise Refused(422, f"letter {row['id']}: {why}")
            return


def _held(group: Mapping[str, Any]) -> str:
    return (
        f"run {group['holder']} replays these rows already; wait for it, or, where it has failed, retry it: what it may have written has no"
        " key that would merge it a second time (allowDuplicates replays all the same)"
    )


def _key(values: Mapping[str, Any] | None) -> str:
    return RunValues.from_json(values).key if values is not None else ""
