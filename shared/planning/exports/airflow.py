"""A pipeline as an Airflow DAG: the Python script's steps, a task each, over one DuckDB file for each run."""

from __future__ import annotations

from collections.abc import Mapping

from shared.planning.exports import duckdb
from shared.planning.exports.project import Project
from shared.planning.exports.python import functions, requirements, script
from shared.triggers.schedule import schedule

_DAG = '''\
"""{title}, exported from Penstock. Each task runs one step of pipeline.py, which lies beside this file, on the run's own DuckDB file."""

import os
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, task
from airflow.timetables.trigger import CronTriggerTimetable

import {module} as pipeline

# Every worker must see it: the file of a run is handed from task to task.
WORK = os.environ.get("{work}", "/tmp/{name}")

with DAG(
    dag_id={dag!r},
    schedule={schedule},
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    # One task at a time: DuckDB lets one process write a file.
    max_active_tasks=1,
    max_active_runs=1,
    default_args={{"retries": {retries}, "retry_delay": timedelta(seconds=30)}},
) as dag:

    def made(name):
        @task(task_id=name)
        def step(run_id=None):
            os.makedirs(WORK, exist_ok=True)
            connection = pipeline.connect(os.path.join(WORK, "".join(c if c.isalnum() else "_" for c in run_id) + ".duckdb"))
            pipeline.run_step(name, connection)
            connection.close()

        return step()

    tasks = {{name: made(name) for name in pipeline.STEPS}}
    for name, step in pipeline.STEPS.items():
        for before in step["after"]:
            tasks[before] >> tasks[name]

    @task(task_id="tidy", trigger_rule="all_success")
    def tidy(run_id=None):
        os.remove(os.path.join(WORK, "".join(c if c.isalnum() else "_" for c in run_id) + ".duckdb"))

    list(tasks.values()) >> tidy()
'''


def airflow(project: Project) -> Mapping[str, str]:
    made = duckdb.steps(project, functions=True, temporary=False)
    module = f"{project.identifier}_pipeline"
    cron, notes = _schedule(project)
    dag = _DAG.format(
        title=project.title,
        module=module,
        work=f"{project.identifier.upper()}_WORK",
        name=project.identifier,
        dag=project.pipeline.name,
        schedule=cron,
        retries=int(project.pipeline.settings.get("retries") or 0),
    )
    notes.append("start_date and catchup are Airflow's own; the data interval of a run is not in the statements.")
    notes.append("Written for Airflow 3; in Airflow 2 the import is `from airflow.decorators import task` and `from airflow import DAG`.")
    steps = [
        "pip install -r requirements.txt                # beside Airflow, on every worker",
        f"cp {project.identifier}_dag.py {module}.py $AIRFLOW_HOME/dags/",
    ]
    return {
        f"{project.identifier}_dag.py": dag,
        f"{module}.py": script(project, made),
        **functions(made),
        "requirements.txt": requirements(made),
        "README.md": project.readme("an Airflow DAG", steps, notes),
    }


def _schedule(project: Project) -> tuple[str, list[str]]:
    """As Python that Airflow takes, and what it does not."""
    written = project.pipeline.settings.get("schedule")
    if not written:
        return "None", ["Nothing but a person starts it: the recipe has no schedule."]
    found = schedule(str(written))
    notes = []
    if found.countries or found.calendars or project.pipeline.settings.get("calendar"):
        notes.append("Days off are not left out: Airflow has no calendars like those of the recipe.")
    return f"CronTriggerTimetable({found.cron!r}, timezone={project.pipeline.settings['timezone']!r})", notes
