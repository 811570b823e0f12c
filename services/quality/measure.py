"""One check, from its program to its outcome: rules measured over a dataset, and its profile. Runs in a child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.quality import past
from services.quality.answers import Answers, Found, measured
from services.quality.asking import Question, question
from services.quality.fuse import Asked
from services.quality.here import Here
from services.quality.offenders import offenders
from services.quality.profile import Profile, Wanted
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
from shared.rules.drift import drift
from shared.rules.types import count

# How many rows there are; no rule's.
_ROWS = Asked(-1, Scan({"rows": count()}))


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
        said = Check(program, relations, database, here, job.history, at).quality()
    quality = {"ruleSet": program.rule_set, "dataset": program.dataset, "scope": program.scope, **said}
    return Outcome(epoch=job.epoch, quality=quality)


def _staging(job: Job, program: CheckProgram) -> str:
    """Where staged rows lie: where the stage that staged them was told to put them."""
    staged = [job.inputs[f"{stage}:{port}"] for read in program.reads for stage, port in read.datasets]
    return staging_of(staged[0].uri) if staged else job.staging


@dataclass(frozen=True, slots=True)
class Check:
    """`database`: the one that the dataset is in, if any, which is asked first. `at`: the moment that ages are counted to."""

    program: CheckProgram
    relations: Relations
    database: Answers | None
    here: Here
    history: Sequence[Mapping[str, Any]]
    at: datetime

    def quality(self) -> dict[str, Any]:
        """The outcome's `quality` but for what it is of."""
        results: dict[int, Result] = {}
        waiting: list[Question] = []
        columns = self.relations.columns(THIS)
        for number, rule in enumerate(self.program.rules):
            asked = question(number, {**rule, "now": self.at}, columns, self.relations)
            if isinstance(asked, Question):
                waiting.append(asked)
            else:
                results[number] = failure(rule, asked)
        first: Answers = self.database or self.here
        profile = self._profile(first)
        found = self._found(
            first, waiting, [_ROWS, *(profile.asked if profile is not None else ())], whole=self.program.profile is not None
        )
        results |= self._results(first, waiting, found)
        metrics = self._metrics(waiting, found)
        if self.database is not None:
            # What breaks there, or would not mean the same, is measured here.
            waiting = [one for one in waiting if found[one.asked.number].values is None]
            again = self._found(self.here, waiting, [], whole=False)
            results |= self._results(self.here, waiting, again)
            metrics |= self._metrics(waiting, again)
        rows = _rows(found)
        told = self._told(profile, first, rows, found)
        settings = self.program.drift
        return {
            "rows": rows,
            "metrics": metrics,
            "profile": told,
            "drift": drift(told, self.history, settings, self.at) if told is not None and settings is not None else None,
            **summary([results[number] for number in range(len(self.program.rules))]),
        }

    def _found(self, place: Answers, questions: Sequence[Question], beside: Sequence[Asked], *, whole: bool) -> dict[int, Found]:
        """What a place answers to each question, by its number, and to what is asked `beside` them."""
        refused = {one.asked.number: sentence for one in questions if (sentence := place.refuses(one)) is not None}
        taken = [one for one in questions if one.asked.number not in refused]
        found = {number: Found(None, sentence, 0) for number, sentence in refused.items()}
        if taken or beside:
            place.ready(taken, whole=whole)
            found |= measured(place, [*beside, *(one.asked for one in taken)])
        return found

    def _results(self, place: Answers, questions: Sequence[Question], found: Mapping[int, Found]) -> dict[int, Result]:
        return {one.asked.number: self._result(place, one, found[one.asked.number]) for one in questions}

    def _result(self, place: Answers, one: Question, found: Found) -> Result:
        if found.values is None:
            return failure(one.rule, found.error or "it cannot be measured", found.duration_ms)
        verdict = one.type.verdict(one.rule, {**found.values, "history": past.of_rule(one.rule, self.history), "at": self.at})
        rows: list[dict[str, Any]] = []
        sentence = None
        if not verdict.passed and one.type.of_rows:
            try:
                rows = offenders(place, one.type, one.rule, place.columns, self.relations.keys(THIS))
            except PenstockError as error:
                # The verdict stands, whatever became of the examples.
                sentence = f"its rows cannot be shown: {error.message}"
        return {**result(one.rule, verdict, rows, found.duration_ms), "error": sentence}

    def _metrics(self, questions: Sequence[Question], found: Mapping[int, Found]) -> dict[str, float | None]:
        measured_ = ((one, found[one.asked.number].values) for one in questions)
        return {str(one.rule["name"]): past.metric(one.rule, values) for one, values in measured_ if past.is_kept(one.rule) and values}

    def _profile(self, place: Answers) -> Profile | None:
        if self.program.profile is None or self._sample() is not None:
            return None
        return Profile(self.relations.columns(THIS), Wanted.of(self.program.profile), place)

    def _sample(self) -> int | None:
        """Of more rows than so many a sample is profiled; a database profiles what it has."""
        return Wanted.of(self.program.profile).sample if self.program.profile is not None and self.database is None else None

    def _told(self, profile: Profile | None, place: Answers, rows: int, found: Mapping[int, Found]) -> dict[str, Any] | None:
        if profile is not None:
            return profile.told(rows, found)
        if self.program.profile is None or (most := self._sample()) is None:
            return None
        sampled = self.here.sampled(most) if rows > most else self.here
        own = Profile(self.relations.columns(THIS), Wanted.of(self.program.profile), sampled)
        answered = measured(sampled, own.asked)
        told = own.told(min(rows, most), answered)
        return told | {"rows": rows, "exact": False, "sampledRows": most} if rows > most else told


def _rows(found: Mapping[int, Found]) -> int:
    counted = found[_ROWS.number]
    if counted.values is None:
        raise AssertionError("whoever cannot count the rows has raised")
    return int(counted.values["rows"])
