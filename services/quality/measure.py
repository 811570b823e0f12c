"""One check, from its program to its outcome: the rules of a rule set, measured over a dataset. Runs in a child process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from services.quality.answers import Answers, Found, measured
from services.quality.asking import Question, question
from services.quality.fuse import Asked
from services.quality.here import Here
from services.quality.offenders import offenders
from services.quality.relations import Relations
from services.quality.results import Result, failure, result, summary
from services.quality.there import there
from shared.datasets.staging import staging_of
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, reaching_staging
from shared.engines.duckdb.errors import translated
from shared.engines.program import THIS, CheckProgram
from shared.engines.work import Job, Outcome
from shared.errors import PenstockError
from shared.rules import Scan
from shared.rules.types import Rule, count


def run(job: Job, control: Control) -> Outcome:
    program = CheckProgram.from_json(job.program)
    at = datetime.now(UTC)
    with (
        translated(job.limits.memory_bytes),
        connected(job.limits) as connection,
        control.stopped_by(connection.interrupt),
        reaching_staging(connection, _staging(job, program)),
        ExitStack() as open_,
    ):
        relations = Relations(connection, job, program.reads, control, open_)
        database = there(connection, job, relations, control)
        here = Here(connection, relations, job.limits.memory_bytes)
        places: list[Answers] = [here] if database is None else [database, here]
        results, rows = judged(program.rules, relations, places, at)
    quality = {
        "ruleSet": program.rule_set,
        "dataset": program.dataset,
        "scope": program.scope,
        "rows": rows,
        "metrics": {},
        "profile": None,
        "drift": None,
        **summary(results),
    }
    return Outcome(epoch=job.epoch, quality=quality)


def _staging(job: Job, program: CheckProgram) -> str:
    """Where staged rows lie: where the stage that staged them was told to put them."""
    staged = [job.inputs[f"{stage}:{port}"] for read in program.reads for stage, port in read.datasets]
    return staging_of(staged[0].uri) if staged else job.staging


# How many rows there are; no rule's.
_ROWS = Asked(-1, Scan({"rows": count(None)}))


def judged(rules: Sequence[Rule], relations: Relations, places: Sequence[Answers], at: datetime) -> tuple[list[Result], int | None]:
    """A result for each rule, in their order, and how many rows there are, None where there was nothing to ask.

    Each rule is measured in the first of the places that takes it; what breaks there, in the next.
    """
    columns = relations.columns(THIS)
    results: dict[int, Result] = {}
    waiting: list[Question] = []
    rows: int | None = None
    for number, rule in enumerate(rules):
        asked = question(number, {**rule, "now": at.isoformat()}, columns, relations)
        if isinstance(asked, Question):
            waiting.append(asked)
        else:
            results[number] = failure(rule, asked)
    for place in places:
        found = _found(place, waiting, () if rows is not None else (_ROWS,))
        if _ROWS.number in found and (counted := found[_ROWS.number].values) is not None:
            rows = int(counted["rows"])
        results |= {one.asked.number: _result(one, place, relations, found[one.asked.number]) for one in waiting}
        waiting = [one for one in waiting if found[one.asked.number].values is None]
    return [results[number] for number in range(len(rules))], rows


def _found(place: Answers, questions: Sequence[Question], beside: Sequence[Asked]) -> dict[int, Found]:
    """What a place answers to each question, by its number, and to what is asked `beside` it where anything is asked at all."""
    refused = {one.asked.number: sentence for one in questions if (sentence := place.refuses(one)) is not None}
    taken = [one for one in questions if one.asked.number not in refused]
    found = {number: Found(None, sentence, 0) for number, sentence in refused.items()}
    if not taken:
        return found
    place.ready(taken)
    return found | measured(place, [*beside, *(one.asked for one in taken)])


def _result(one: Question, place: Answers, relations: Relations, found: Found) -> Result:
    if found.values is None:
        return failure(one.rule, found.error or "it cannot be measured", found.duration_ms)
    verdict = one.type.verdict(one.rule, found.values)
    rows: list[dict[str, Any]] = []
    sentence = None
    if not verdict.passed:
        try:
            rows = offenders(place, one.type, one.rule, place.columns, relations.keys(THIS))
        except PenstockError as error:
            # The verdict stands, whatever became of the examples.
            sentence = f"its rows cannot be shown: {error.message}"
    return {**result(one.rule, verdict, rows, found.duration_ms), "error": sentence}
