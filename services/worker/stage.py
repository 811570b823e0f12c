"""What the worker's child processes run: the engine of a stage. Imported in the child only, since it loads the engine."""

from __future__ import annotations

from importlib import import_module

from shared.engines import look, staged_file, telling, watch
from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.work import Job, Outcome

# Loaded with their first stage: they cost time and memory that most workers never need.
_ENGINES = {
    "duckdb": "shared.engines.duckdb.driver",
    "database": "shared.engines.database.driver",
    "pandas": "shared.engines.dataframe.pandas_engine",
    "dask": "shared.engines.dataframe.dask_engine",
    "python": "shared.engines.python.driver",
}


def run(job: Job, control: Control) -> Outcome:
    outcome: Outcome = import_module(_ENGINES[job.program.get("engine", "duckdb")]).run(job, control)
    return outcome


def survey(job: Job, control: Control) -> Outcome:
    return driver.survey(job, control)


def look_at(job: Job, control: Control) -> Outcome:
    """A connector, for a person."""
    return look.run(job, control)


def watch_for(job: Job, control: Control) -> Outcome:
    """What a trigger waits for."""
    return watch.run(job, control)


def gather(job: Job, control: Control) -> Outcome:
    """What a run has staged, as one file for a person."""
    return staged_file.run(job, control)


def notify(job: Job, control: Control) -> Outcome:
    """A message to people, or to another system, on what became of a run."""
    return telling.run(job, control)
