"""The values that a run of a recipe is given: its parameters, and what its templates come to, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.api.problems import Refused
from services.api.recipes import save
from shared.pipelines.language import RunValues, Unsettled, settle, zone_of
from shared.pipelines.language.templates import Moment
from shared.pipelines.model import Problem
from shared.pipelines.validation import has_values, stored_document
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
    if not has_values(text):
        if given:
            unknown = [
                Problem("unknown_parameter", f"the pipeline has no parameter '{name}'; it takes none", f"/parameters/{name}")
                for name in given
            ]
            raise Refused(422, unknown[0].message, errors=[_told(problem) for problem in unknown], kind="invalid-parameters")
        return None
    document = stored_document(text)
    moment = Moment(run, logical_date, interval_start, zone_of(document))
    try:
        values = settle(document, given, moment, environment)
    except Unsettled as error:
        raise Refused(422, error.message, errors=[_told(problem) for problem in error.problems], kind="invalid-parameters") from error
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
