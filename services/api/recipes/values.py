"""The values that a run of a recipe is given: its parameters, and what its templates come to, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.api.problems import Refused
from services.api.recipes import save
from shared.dispatch.starting import values_of
from shared.pipelines.language import RunValues, Unsettled
from shared.pipelines.model import Problem
from shared.store.database import Tx


def run_values(
    tx: Tx,
    text: str,
    given: Mapping[str, Any],
    *,
    run: str,
    logical_date: datetime,
    interval_start: datetime,
    environment: Mapping[str, str],
) -> RunValues | None:
    """None for a recipe without parameters and templates. Raises Refused(422) for what it was not made to take."""
    try:
        values = values_of(text, given, run=run, logical_date=logical_date, interval_start=interval_start, environment=environment)
    except Unsettled as error:
        raise Refused(422, error.message, errors=[_told(problem) for problem in error.problems], kind="invalid-parameters") from error
    if values is None:
        return None
    problems = save.errors(tx, text, values.key)
    if problems:
        first = problems[0]
        message = f"with these values the pipeline cannot run: line {first.line}: {first.message}"
        raise Refused(422, message, errors=[problem.to_json() for problem in problems], kind="invalid-parameters")
    return values


def _told(problem: Problem) -> dict[str, Any]:
    """What was given has no line; what stands in the recipe has."""
    told = problem.to_json()
    return told if problem.path.startswith("/spec") else {key: told[key] for key in ("code", "message", "path", "suggestion")}
