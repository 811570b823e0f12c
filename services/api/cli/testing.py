"""`penstock test`: rows that go into recipes, and what must come out. Works on files, with no server and none of their sources.

The engine runs in a process of its own (`services.worker.trials`): commands load none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, answering, console, printed, problem
from services.api.cli.texts import joined
from shared.errors import ConfigurationError
from shared.formats import exact_json

if TYPE_CHECKING:
    from services.api.cli.texts import Place
    from shared.pipelines.model import Document

_PROGRAM = "services.worker.trials"


class NothingToTest(ConfigurationError):
    code = "nothing_to_test"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILES OR FOLDERS…]")
@click.option("--only", multiple=True, metavar="NAME", help="Only tests of this name, or of this pipeline; may be repeated.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write JUnit XML.")
@OUTPUT
@answering
def test(paths: tuple[Path, ...], only: tuple[str, ...], junit_file: Path | None, output: str) -> int:
    """Run the PipelineTests of a project; no server is asked, no source read, nothing written.

    Tests are looked for in the FILES OR FOLDERS, else in the project that this folder lies in; their recipes anywhere in the project. Exit
    code 1 when a test fails, 2 when one cannot be run.
    """
    from services.api.cli import projects

    starts = paths or (projects.root(Path.cwd()),)
    named = {file.resolve() for file in projects.documents_in(starts)}
    files = projects.documents_in([*starts, *(projects.root(path) for path in starts)])
    if not files:
        raise NothingToTest("there is no document here; name the project's folder, or make one with `penstock init`")
    text, place = joined(files)
    chosen, documents = _chosen(text, place, named, only)
    if problems := list(_problems(chosen, documents, place)):
        for one in problems:
            click.echo(problem(one), err=True)
        return 2
    results = []
    for result in _results(text, [(test, Path(place({"line": _line(test)})["file"])) for test in chosen]):
        results.append(result)
        if output == "table":
            _print(result)
    if junit_file is not None:
        from services.api.cli.junit import junit_of_tests

        junit_file.write_bytes(junit_of_tests(results, summary))
    if output != "table":
        # YAML's numbers are floats here: as text they keep their digits.
        printed({"tests": results if output == "json" else json.loads(json.dumps(results, default=str))}, output)
    counted = {status: sum(one["status"] == status for one in results) for status in ("PASSED", "FAILED", "ERROR")}
    click.echo(", ".join(f"{number} {status.lower()}" for status, number in counted.items() if number), err=True)
    return 2 if counted["ERROR"] else 1 if counted["FAILED"] else 0


def _chosen(text: bytes, place: Place, named: set[Path], only: Sequence[str]) -> tuple[list[Document], list[Document]]:
    """The tests to run, and all documents there are."""
    from shared.pipelines.language import read_documents

    documents = [*read_documents(text)]
    tests = [d for d in documents if d.kind == "PipelineTest" and Path(place({"line": _line(d)})["file"]).resolve() in named]
    if not tests:
        raise NothingToTest("there is no document of kind PipelineTest; `penstock init` makes one to begin with")
    if only:
        wanted = [test for test in tests if _names(test) & {*only}]
        if not wanted:
            raise NothingToTest(f"no test is called {' or '.join(only)}; there is {', '.join(test.name for test in tests)}")
        return wanted, documents
    return tests, documents


def _names(test: Document) -> set[str]:
    """By which a person may mean it."""
    pipeline = _pipeline(test)
    return {test.name, f"{test.namespace}/{test.name}", pipeline, pipeline.rpartition("/")[2]}


def _line(document: Document) -> int:
    return document.places.values[""].line if "" in document.places.values else 1


def _pipeline(test: Document) -> str:
    """Its full name; empty where it cannot be read."""
    spec = test.tree.get("spec")
    name = str(spec.get("pipeline", "")) if isinstance(spec, Mapping) else ""
    return name if "/" in name else f"{test.namespace}/{name}"


def _problems(tests: Sequence[Document], documents: Sequence[Document], place: Place) -> Iterator[dict[str, Any]]:
    """What keeps the tests from running: errors in them and in their pipelines, each told once; of other documents nothing is said."""
    from shared.pipelines.validation import validate

    pipelines = {f"{document.namespace}/{document.name}": document for document in documents if document.kind == "Pipeline"}
    tested = {name: pipelines[name] for test in tests if (name := _pipeline(test)) in pipelines}
    ours = [document for document in documents if any(document is one for one in (*tests, *tested.values()))]
    for found in validate(ours):
        # That a pipeline is not there is only told of while documents are written; a test of it cannot run.
        if found.severity == "error" or found.code == "unknown_pipeline":
            yield place(found.to_json()) | {"severity": "error"}


def _results(text: bytes, tests: Sequence[tuple[Document, Path]]) -> Iterator[dict[str, Any]]:
    """As `services.worker.trials` tells them, one after the other. Raises NothingToTest where there is no engine, or it dies."""
    asked = {
        "text": text.decode(),
        "tests": [{"namespace": test.namespace, "name": test.name, "folder": str(file.resolve().parent)} for test, file in tests],
    }
    with subprocess.Popen(
        [sys.executable, "-m", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as engine:
        assert engine.stdin is not None and engine.stdout is not None and engine.stderr is not None
        engine.stdin.write(json.dumps(asked).encode())
        engine.stdin.close()
        told = 0
        for line in engine.stdout:
            told += 1
            yield exact_json.loads(line.decode())
        said = engine.stderr.read().decode(errors="replace").strip()
    if told < len(tests):
        why = said.splitlines()[-1] if said else f"it ended with {engine.returncode}"
        if "No module named" in why:
            why += "; tests run on the engine: install penstock[worker]"
        raise NothingToTest(f"the engine that runs tests broke off: {why}")


def _print(result: Mapping[str, Any]) -> None:
    from rich.text import Text

    colour = {"PASSED": "green", "FAILED": "red", "ERROR": "red"}[result["status"]]
    to = console()
    to.print(Text.assemble((f"{result['status']:<7}", colour), f"{result['test']} ({result['durationMs']} ms)"))
    if result["message"]:
        to.print(Text(f"  {result['message']}"))
    for check in result["checks"]:
        if not check["passed"]:
            to.print(Text(f"  {check['place']}: {_told(check)}"))
            if check["differences"]:
                to.print(_table(check))
            if check["leftOut"]:
                to.print(Text(f"  and {check['leftOut']} more"))


def _told(check: Mapping[str, Any]) -> str:
    if check["problem"]:
        return str(check["problem"])
    rows = "rows" if check["found"] != 1 else "row"
    return f"{check['found']} {rows} came out, {check['wanted']} expected; they differ:"


def _table(check: Mapping[str, Any]) -> Any:
    """A line for each row that differs: - was expected, + came out, ~ both, where they are nearly the same."""
    from rich.table import Table
    from rich.text import Text

    names = check["columns"] or list(next((one["found"] for one in check["differences"] if one["found"]), {}))
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for name in ("", *names):
        table.add_column(Text(name))
    for one in check["differences"]:
        wanted, found = one["expected"], one["found"]
        sign, colour = ("~", "yellow") if wanted is not None and found is not None else ("-", "red") if found is None else ("+", "green")
        cells = []
        for name in names:
            if sign == "~" and name in one["columns"]:
                cells.append(Text(f"{_said(found[name])}, not {_said(wanted[name])}", style="bold red"))
            else:
                cells.append(Text(_said((wanted if found is None else found).get(name))))
        table.add_row(Text(f"    {sign}", style=colour), *cells)
    return table


def _said(value: Any) -> str:
    text = "NULL" if value is None else exact_json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def summary(result: Mapping[str, Any]) -> str:
    """What went wrong, as one text."""
    lines = [result["message"]] if result["message"] else []
    for check in result["checks"]:
        if not check["passed"]:
            lines.append(f"{check['place']}: {_told(check)}")
            lines += [exact_json.dumps({"expected": one["expected"], "found": one["found"]}) for one in check["differences"]]
    return "\n".join(lines)
