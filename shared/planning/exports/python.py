"""A pipeline as one Python script over DuckDB, functions of people's own included."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from shared.formats.types import duckdb as in_duckdb
from shared.planning.exports import duckdb
from shared.planning.exports.duckdb import Step
from shared.planning.exports.project import Project

_HEAD = '''\
"""{title}, exported from Penstock: reads, computes and writes with DuckDB alone.

    pip install -r requirements.txt
    python pipeline.py
"""

import os
import sys
import tempfile
from pathlib import Path

import duckdb
{functions}
# What is given from outside: variable -> its default; None: it must be set.
VARIABLES = {variables}
# What makes databases and buckets known, once for each connection.
ATTACH = [
{attach}]
'''
_TAIL = '''

def connect(database):
    """A connection that knows all sources and destinations. `database`: the file that holds what is computed."""
    connection = duckdb.connect(database)
    connection.execute("SET TimeZone = 'UTC'")
    for statement in ATTACH:
        connection.execute(filled(statement))
    return connection


def filled(text, quoted=True):
    """With what the variables hold; `quoted`: in a text of SQL."""
    for name, default in VARIABLES.items():
        value = os.environ.get(name, default)
        if value is None:
            sys.exit(f"set {name}")
        text = text.replace("${" + name + "}", value.replace("'", "''") if quoted else value)
    return text


def run_step(name, connection):
    """One step; those that it comes after have run, on the same database."""
    step = STEPS[name]
    if "rejects" in step:
        connection.execute(f"DROP TABLE IF EXISTS {step['rejects']}; DROP TABLE IF EXISTS {step['rejects']}_scans")
    for path in step.get("folders", ()):
        Path(filled(path, quoted=False)).parent.mkdir(parents=True, exist_ok=True)
    for statement in step["statements"]:
        if "function" in step:
            table = step["function"](connection.sql(filled(statement)).df())
            connection.register("given_back", table)
            connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT {step["columns"]} FROM given_back')
            connection.unregister("given_back")
        else:
            connection.execute(filled(statement))
    if "rejects" in step:
        (lines,) = connection.execute(f"SELECT count(DISTINCT line) FROM {step['rejects']}").fetchone()
        if lines:
            print(f"{step['node']}: {lines} lines are no rows, and were left out", file=sys.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(os.path.join(folder, "pipeline.duckdb"))
        for name in STEPS:
            run_step(name, connection)
        connection.close()


if __name__ == "__main__":
    main()
'''


_ADDRESS = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")


def python(project: Project) -> Mapping[str, str]:
    made = duckdb.steps(project, functions=True, temporary=False)
    notes = [
        "Before and after a Python function numbers and times are those of pandas; Penstock hands it its own."
        for step in made
        if step.function is not None
    ][:1]
    steps = ["pip install -r requirements.txt", "python pipeline.py"]
    return {
        "pipeline.py": script(project, made),
        **functions(made),
        "requirements.txt": requirements(made),
        "README.md": project.readme("a Python script over DuckDB", steps, notes),
    }


def script(project: Project, made: list[Step]) -> str:
    """The text of pipeline.py; `STEPS` and `run_step` are for others to call, too."""
    variables = {place.variable: place.root for place in project.places.values()}
    attach = "".join(f"    {statement!r},\n" for place in project.places.values() for statement in duckdb.attach(place))
    head = _HEAD.replace("{title}", project.title).replace("{variables}", repr(variables)).replace("{attach}", attach)
    called = [(step.name, *_called(step.function.source)) for step in made if step.function is not None]
    functions = [f"from {module.format(name=name)} import {function} as {name}\n" for name, module, function in called]
    steps = "\n\n# In order; `after` names the steps whose rows one reads.\nSTEPS = {\n" + "".join(map(_step, made)) + "}\n"
    return head.replace("{functions}", "".join(functions)) + steps + _TAIL


def requirements(made: list[Step]) -> str:
    wanted = ["duckdb>=1.4", "pytz"]
    if any(step.function is not None for step in made):
        wanted += ["pandas>=2"]
    return "".join(f"{line}\n" for line in dict.fromkeys([*wanted, *(r for s in made if s.function for r in s.function.requirements)]))


def functions(made: list[Step]) -> dict[str, str]:
    """People's own sources as they are, a module each; what is elsewhere stays there."""
    found = {
        f"functions/{step.name}.py": step.function.source.rstrip() + "\n"
        for step in made
        if step.function is not None and not _ADDRESS.fullmatch(step.function.source.strip())
    }
    return {"functions/__init__.py": "", **found} if found else {}


def _called(source: str) -> tuple[str, str]:
    """The module, `{name}` in it for the step's, and the function in it."""
    if address := _ADDRESS.fullmatch(source.strip()):
        return address[1], address[2]
    names = [one.name for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)]
    return "functions.{name}", "transform" if "transform" in names else names[0]


def _step(step: Step) -> str:
    lines = [f'    "{step.name}": {{\n        "node": {step.node!r},\n        "after": {list(step.after)!r},\n']
    lines.append('        "statements": [\n' + "".join(_statement(one) for one in step.statements) + "        ],\n")
    if step.rejects:
        lines.append(f'        "rejects": "{step.rejects}",\n')
    if folders := [part for part in map(_target, step.statements) if part]:
        lines.append(f'        "folders": {folders!r},\n')
    if step.function is not None:
        picked = ", ".join(f'CAST("{c.name}" AS {in_duckdb(c.type)}) AS "{c.name}"' for c in step.columns)
        lines.append(f'        "function": {step.name},\n        "columns": {picked!r},\n')
    return "".join(lines) + "    },\n"


def _target(statement: str) -> str | None:
    """The path that a COPY writes to, whose folder must be there."""
    _, found, rest = statement.rpartition("\n) TO '")
    return rest.partition("' (")[0].replace("''", "'") if found and statement.startswith("COPY") and "://" not in rest else None


def _statement(text: str) -> str:
    """As a raw text over several lines, where nothing in it stands against that."""
    if '"""' in text or "\\" in text or text.endswith('"'):
        return f"            {text!r},\n"
    return f'            """{text}""",\n'
