"""Queries on H2 in Oracle's or SQL Server's mode: an imitation of the grammar, not of every meaning. Needs Java and Maven."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Oracle sorts NULLs as the largest, which H2's mode does not.
MODES = {"oracle": "MODE=Oracle;DEFAULT_NULL_ORDERING=HIGH", "sqlserver": "MODE=MSSQLServer;CASE_INSENSITIVE_IDENTIFIERS=TRUE"}
_NULL = "<null>"


def fetched(folder: Path) -> Path:
    """The folder with H2's jar in it; asks Maven where it is not there yet."""
    if not list(folder.glob("h2-*.jar")):
        pom = Path(__file__).with_name("pom.xml")
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run(command, check=True)
    return folder


def answers(
    jars: Path, folder: Path, mode: str, prepared: list[str], queries: Mapping[str, str]
) -> dict[str, list[list[str | None]] | str]:
    """The rows of each query as texts, or what H2 said of it. `prepared`: statements that make the tables, in H2's own grammar."""

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    script = folder / "script.sql"
    written = {name: folder / f"{name}.csv" for name in queries}
    asked = [
        f"CALL CSVWRITE({quoted(str(written[name]))}, {quoted(query)}, {quoted('charset=UTF-8 null=' + _NULL)})"
        for name, query in queries.items()
    ]
    script.write_text(";\n".join([*prepared, *asked]) + ";\n", encoding="utf-8")
    command = ["java", "-Dfile.encoding=UTF-8", "-cp", f"{jars}/*", "org.h2.tools.RunScript", "-url", f"jdbc:h2:mem:t;{MODES[mode]}"]
    told = subprocess.run([*command, "-script", str(script), "-continueOnError", "-showResults"], capture_output=True, text=True)
    said: dict[str, list[list[str | None]] | str] = {}
    for name, path in written.items():
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                said[name] = [[None if value == _NULL else value for value in row] for row in list(csv.reader(file))[1:]]
        else:
            said[name] = _error(told.stdout + told.stderr, str(path))
    return said


def _error(told: str, path: str) -> str:
    after: Any = told.partition(path)[2]
    found = [line for line in after.splitlines() if "Exception" in line]
    return found[0][:300] if found else "H2 gave no answer"
