"""A pipeline as a project that runs without Penstock: SQL, Python, dbt, Airflow or Spark. Pure: paths and texts come out, nothing runs.

`project.py` is what all targets start from, `duckdb.py` the statements that SQL, Python and Airflow share; each target is a module with
one function. What a target cannot say is refused with all of its reasons; what only Penstock does (retries, gates, dead letters) is listed
in the project's README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.planning.exports.airflow import airflow
from shared.planning.exports.dbt import dbt
from shared.planning.exports.project import CannotExport, Project, project
from shared.planning.exports.python import python
from shared.planning.exports.spark import spark
from shared.planning.exports.sql import sql

# Path in the project -> text.
Files = Mapping[str, str]
TARGETS: Mapping[str, Callable[[Project], Files]] = {"sql": sql, "python": python, "dbt": dbt, "airflow": airflow, "spark": spark}

__all__ = ["TARGETS", "CannotExport", "Files", "Project", "exported", "project"]


def exported(made: Project, target: str) -> Files:
    """Raises CannotExport for what the target has no way to say, and KeyError for a target that is not there."""
    files = TARGETS[target](made)
    held = [reference for token, reference in made.pipeline.secrets.items() if any(token in text for text in files.values())]
    if held:
        raise CannotExport([f"a node's settings hold the secret {held[0]}; have its connector hold it"])
    return files
