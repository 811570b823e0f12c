"""One check, from its program to its outcome: rules measured over a dataset, and its profile. Runs in a child process."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from services.quality import past
from services.quality.answers import Answers, Found, measured
from services.quality.asking import Question, question
from services.quality.dense_keys import Dense, affordable, dense
from services.quality.fuse import Asked
from services.quality.here import Here
from services.quality.offenders import offenders, offending_rows
from services.quality.profile import Profile, Wanted
from services.quality.relations import Relations
from services.quality.results import Result, failure, result, summary
from services.quality.secrecy import secret, sentence
from services.quality.there import there
from shared.datasets import Dataset, staging_folder
from shared.datasets.staging import staging_of
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, reaching_staging
from shared.engines.duckdb.errors import translated
from shared.engines.program import THIS, CheckProgram
from shared.engines.work import Job, Outcome
from shared.errors import ConfigurationError, PenstockError
from shared.rules import Scan
from shared.rules.anomaly import kept_as
from shared.rules.drift import drift
from shared.rules.types import count

log = logging.getLogger(__name__)


class NotExported(ConfigurationError):
    code = "offenders"


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
        program = _affordable(program, relations)
        database = there(connection, job, relations, control)
        here = Here(connection, relations, job.limits.memory_bytes)
        check = Check(program, relations, database, here, job.history, at, affordable(job.limits))
        if program.export is not None:
            return Outcome(epoch=job.epoch, datasets=(_exported(connection, job, check, program.export),))
        said = check.quality()
    quality = {"ruleSet": program.rule_set, "dataset": program.dataset, "scope": program.scope, **said}
    return Outcome(epoch=job.epoch, quality=quality)


def _staging(job: Job, program: CheckProgram) -> str:
    """Where staged rows lie: where the stage that staged them was told to put them."""
    staged = [job.inputs[f"{stage}:{port}"] for read in program.reads for stage, port in read.datasets]
    return staging_of(staged[0].uri) if staged else job.staging


def _affordable(program: CheckProgram, relations: Relations) -> CheckProgram:
    """Without the profile of a table of more rows than `sampleAbove`: a sample of a table costs all of it."""
    most = Wanted.of(program.profile).sample if program.profile is not None else None
    if most is None or program.this.connector is None or "table" not in program.this.options:
        return program
    estimate = relations.survey(THIS).rows
    return replace(program, profile=None) if estimate is not None and estimate > most else program


def _exported(connection: duckdb.DuckDBPyConnection, job: Job, check: Check, rule: str) -> Dataset:
    """Raises ConfigurationError for a rule that is not there, has no rows to show, or cannot be measured."""
    place, asked = check.place_of(rule)
    folder = staging_folder(job.staging, job.run, job.stage, job.epoch)
    folder.make()
    uri = folder.uri("offenders.parquet")
    try:
        with translated(job.limits.memory_bytes):
            columns, rows = offending_rows(connection, place, asked, check.relations.keys(THIS), job.limits.scratch, uri)
    except PenstockError as error:
        if error.retryable or secret(asked.rule, check.relations.columns(THIS)) is None:
            raise
        told = sentence(asked.rule, error.message, error.code, check.relations.columns(THIS))
        # Nor is it told as the cause.
        raise NotExported(f"the rows that break rule {rule} cannot be shown: {told}") from None
    return Dataset("offenders", uri, columns, rows, folder.size_bytes(uri))


@dataclass(frozen=True, slots=True)
class Check:
    """`database`: the one that the dataset is in, if any, which is asked first. `at`: the moment that ages are counted to.
    `bits`: so many, of all rules together, may prove that keys are unique.
    """

    program: CheckProgram
    relations: Relations
    database: Answers | None
    here: Here
    history: Sequence[Mapping[str, Any]]
    at: datetime
    bits: int

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
        wanted = [_ROWS, *(profile.asked if profile is not None else ())] if self.program.rules or self.program.profile is not None else []
        found = self._found(first, waiting, wanted, whole=self.program.profile is not None)
        results |= self._results(first, waiting, found)
        metrics = self._metrics(waiting, found)
        if self.database is not None:
            # What breaks there, or would not mean the same, is measured here.
            waiting = [one for one in waiting if found[one.asked.number].values is None]
            again = self._found(self.here, waiting, [], whole=False)
            results |= self._results(self.here, waiting, again)
            metrics |= self._metrics(waiting, again)
        rows = _rows(found)
        told = self._told(profile, rows, found) if rows is not None else None
        return {
            "rows": rows,
            "metrics": metrics,
            "profile": told,
            "drift": self._drift(told),
            **summary([results[number] for number in range(len(self.program.rules))]),
        }

    def _drift(self, told: Mapping[str, Any] | None) -> dict[str, Any] | None:
        settings = self.program.drift
        if told is None or settings is None:
            return None
        try:
            return drift(told, self.history, settings, self.at)
        except Exception:
            # The verdicts stand, whatever is wrong with a comparison of profiles.
            log.exception("the profile of %s cannot be held against the ones before", self.program.dataset)
            return None

    def place_of(self, rule: str) -> tuple[Answers, Question]:
        """Who is to be asked for all rows that break a rule."""
        said = next((one for one in self.program.rules if one["name"] == rule), None)
        if said is None:
            raise NotExported(f"there is no rule {rule}; there is {', '.join(str(one['name']) for one in self.program.rules)}")
        asked = question(0, {**said, "now": self.at}, self.relations.columns(THIS), self.relations)
        if not isinstance(asked, Question):
            raise NotExported(f"rule {rule} cannot be measured: {asked}")
        if not asked.type.of_rows:
            raise NotExported(f"rule {rule} is of the dataset as a whole, and no row of it breaks it")
        if self.database is not None and self.database.refuses(asked) is None:
            return self.database, asked
        if (why := self.here.refuses(asked)) is not None:
            raise NotExported(f"rule {rule} cannot be measured: {why}")
        self.here.ready([asked], whole=True)
        return self.here, asked

    def _found(self, place: Answers, questions: Sequence[Question], beside: Sequence[Asked], *, whole: bool) -> dict[int, Found]:
        """What a place answers to each question, by its number, and to what is asked `beside` them."""
        refused = {one.asked.number: sentence for one in questions if (sentence := place.refuses(one)) is not None}
        taken = [one for one in questions if one.asked.number not in refused]
        found = {number: Found(None, sentence, 0) for number, sentence in refused.items()}
        if taken or beside:
            place.ready(taken, whole=whole)
            quick = dense(place, taken, self.bits) if place.estimates else {}
            asked = [quick[one.asked.number].asked if one.asked.number in quick else one.asked for one in taken]
            found |= measured(place, [*beside, *asked])
            found |= self._proven(place, quick, taken, found)
        return found

    def _proven(
        self, place: Answers, quick: Mapping[int, Dense], questions: Sequence[Question], found: Mapping[int, Found]
    ) -> dict[int, Found]:
        """What the rules asked for themselves, where it follows from what was asked in place of it; else that is asked now."""
        proven = {number: one.values(values) for number, one in quick.items() if (values := found[number].values) is not None}
        known = {number: replace(found[number], values=values) for number, values in proven.items() if values is not None}
        open_ = [one.asked for one in questions if one.asked.number in quick and one.asked.number not in known]
        return {**known, **measured(place, open_)}

    def _results(self, place: Answers, questions: Sequence[Question], found: Mapping[int, Found]) -> dict[int, Result]:
        return {one.asked.number: self._result(place, one, found[one.asked.number]) for one in questions}

    def _result(self, place: Answers, one: Question, found: Found) -> Result:
        columns = self.relations.columns(THIS)
        if found.values is None:
            return failure(one.rule, sentence(one.rule, found.error or "it cannot be measured", found.kind, columns), found.duration_ms)
        try:
            verdict = one.type.verdict(one.rule, {**found.values, "history": past.of_rule(one.rule, self.history), "at": self.at})
        except (ArithmeticError, ValueError) as error:
            return failure(one.rule, sentence(one.rule, _incomputable(error), type(error).__name__, columns), found.duration_ms)
        rows: list[dict[str, Any]] = []
        unseen = None
        if not verdict.passed and one.type.of_rows:
            try:
                rows = offenders(place, one.type, one.rule, place.columns, self.relations.keys(THIS))
            except PenstockError as error:
                # The verdict stands, whatever became of the examples.
                unseen = f"its rows cannot be shown: {sentence(one.rule, error.message, error.code, columns)}"
        return {**result(one.rule, columns, verdict, rows, found.duration_ms), "error": unseen}

    def _metrics(self, questions: Sequence[Question], found: Mapping[int, Found]) -> dict[str, float | None]:
        measured_ = ((one, found[one.asked.number].values) for one in questions)
        return {kept_as(one.rule): past.metric(one.rule, values) for one, values in measured_ if past.is_kept(one.rule) and values}

    def _profile(self, place: Answers) -> Profile | None:
        if self.program.profile is None or self._sample() is not None:
            return None
        return Profile(self.relations.columns(THIS), Wanted.of(self.program.profile), place)

    def _sample(self) -> int | None:
        """Of more rows than so many a sample is profiled; a table in a database is profiled whole, or not at all."""
        return Wanted.of(self.program.profile).sample if self.program.profile is not None and self.database is None else None

    def _told(self, profile: Profile | None, rows: int, found: Mapping[int, Found]) -> dict[str, Any] | None:
        if profile is not None:
            return profile.told(rows, found)
        if self.program.profile is None or (most := self._sample()) is None:
            return None
        sampled = self.here.sampled(most) if rows > most else self.here
        own = Profile(self.relations.columns(THIS), Wanted.of(self.program.profile), sampled)
        answered = measured(sampled, own.asked)
        told = own.told(min(rows, most), answered)
        return told | {"rows": rows, "exact": False, "sampledRows": most} if rows > most else told


def _incomputable(error: Exception) -> str:
    """Of values that a column may have, and nothing can be made of: a date in the year 20024, a sum of 400 digits."""
    return f"what was measured is beyond what can be judged ({error}); leave such values out with where"


def _rows(found: Mapping[int, Found]) -> int | None:
    """None where nobody wanted to know."""
    if (counted := found.get(_ROWS.number)) is None:
        return None
    if counted.values is None:
        raise AssertionError("whoever cannot count the rows has raised")
    return int(counted.values["rows"])
