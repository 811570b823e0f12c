"""What the worker's child processes run: the engine of a stage. Imported in the child only, since it loads the engine."""

from __future__ import annotations

from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.work import Job, Outcome


def run(job: Job, control: Control) -> Outcome:
    return driver.run(job, control)


def survey(job: Job, control: Control) -> Outcome:
    return driver.survey(job)
