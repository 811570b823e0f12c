"""Runs the PipelineTests of a text of documents on the real planner and engine, with no server: `python -m services.worker.trials`.

What is asked comes as JSON on stdin, {text, tests: [{namespace, name, folder}]}; `folder` is where files that a test gives are looked
for. What became of each test goes to stdout as it is known, a line of JSON each: {test, pipeline, status: PASSED, FAILED or ERROR, message,
durationMs, checks: [{place, passed, wanted, found, columns, problem, differences: [{expected, found, columns}], leftOut}]}. Started by
`penstock test`, which loads no engine itself; the documents are valid.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from datetime import time as dt_time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from services.worker import stage as engine
from shared.datasets import Dataset
from shared.engines.control import Control
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.errors import PenstockError
from shared.formats import exact_json
from shared.pipelines import trial as trials
from shared.pipelines.expectations import Compared, compared
from shared.pipelines.language import filled, pipeline, pipeline_test, read_documents, settle, zone_of
from shared.pipelines.language.run_values import Unsettled
from shared.pipelines.language.templates import Moment
from shared.pipelines.model import Document
from shared.pipelines.trial import Kept, Trial
from shared.planning.make import plan
from shared.planning.needs import need_of, needs, survey
from shared.planning.sequences import continued, starts
from shared.sql.typing import named_type, spelled
from shared.store.identifiers import new_id

# Rows of a test are few; what a wrong join makes of them may be many.
_MOST_ROWS = 10_000
_MEMORY_BYTES = 2_000_000_000


def main() -> None:
    asked = json.load(sys.stdin)
    documents = {(d.kind, d.namespace, d.name): d for d in read_documents(asked["text"].encode())}
    for one in asked["tests"]:
        test = documents["PipelineTest", one["namespace"], one["name"]]
        print(exact_json.dumps(outcome(test, documents, Path(one["folder"]))), flush=True)


def outcome(test: Document, documents: Mapping[tuple[str, str, str], Document], folder: Path) -> dict[str, Any]:
    """What became of one test; whatever goes wrong is its ERROR."""
    began = time.monotonic()
    spec = pipeline_test(test)
    namespace, _, name = spec["pipeline"].rpartition("/")
    told: dict[str, Any] = {"test": f"{test.namespace}/{test.name}", "pipeline": f"{namespace or test.namespace}/{name}", "checks": []}
    try:
        recipe = documents["Pipeline", namespace or test.namespace, name]
        with tempfile.TemporaryDirectory(prefix="penstock-test-") as scratch:
            found = _compared(spec, recipe, folder.resolve(), Path(scratch))
        told["checks"] = [_told(place, one) for place, one in found.items()]
        told |= {"status": "PASSED" if all(one.good for one in found.values()) else "FAILED", "message": None}
    except PenstockError as error:
        told |= {"status": "ERROR", "message": error.message}
    except Exception as error:  # noqa: BLE001 (an engine that breaks is an answer like any other)
        told |= {"status": "ERROR", "message": f"{type(error).__name__}: {error}"}
    return told | {"durationMs": round((time.monotonic() - began) * 1000)}


def _told(place: str, one: Compared) -> dict[str, Any]:
    return {
        "place": place,
        "passed": one.good,
        "wanted": one.wanted,
        "found": one.found,
        "columns": list(one.columns),
        "problem": one.problem,
        "differences": [{"expected": _plain(d.expected), "found": _plain(d.found), "columns": list(d.columns)} for d in one.differences],
        "leftOut": one.left_out,
    }


def _plain(value: Any) -> Any:
    """As JSON has it, numbers with all their digits; what it has no way to say is text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, date | dt_time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str | Decimal) else str(value)


def _compared(spec: Mapping[str, Any], recipe: Document, folder: Path, scratch: Path) -> dict[str, Compared]:
    made = trials.trial(pipeline(_filled(recipe, spec)), spec["given"], spec["expect"])
    made = Trial(continued(made.pipeline, starts(made.pipeline)), made.files, made.kept, made.empty)
    places = {name: scratch / name.partition("/")[2] for name in trials.TYPES}
    for name in (trials.GIVEN, trials.TAKEN):
        places[name].mkdir()
    for path, text in made.files.items():
        (places[trials.GIVEN] / path).write_text(text, encoding="utf-8")
    configs = {name: {"root": str(place)} for name, place in places.items()}
    configs[trials.BESIDE] = {"root": str(folder)}
    configs[trials.MERGED] = {"path": str(places[trials.MERGED])}
    _run(made, {name: ResolvedConnector(name, trials.TYPES[name], config) for name, config in configs.items()}, scratch)
    kept = {one.place: one for one in made.kept}
    return {place: _rows(kept[place], places, expected) for place, expected in spec["expect"].items()}


def _filled(recipe: Document, spec: Mapping[str, Any]) -> Document:
    at = spec.get("logicalDate") or datetime.now(UTC)
    allowed = {name.strip() for name in os.environ.get("PENSTOCK_TEMPLATE_ENV", "").split(",")} & os.environ.keys()
    try:
        values = settle(
            recipe, spec.get("parameters") or {}, Moment(new_id(), at, at, zone_of(recipe)), {n: os.environ[n] for n in allowed}
        )
    except Unsettled as error:
        raise trials.CannotTest("; ".join(problem.message for problem in error.problems)) from error
    found = filled(recipe, values)
    if problems := [problem.message for problem in found.problems if problem.severity == "error"]:
        raise trials.CannotTest("; ".join(problems))
    return found


def _run(made: Trial, connectors: dict[str, ResolvedConnector], scratch: Path) -> None:
    run, data = new_id(), dict[str, Dataset]()
    work = scratch / "work"
    work.mkdir()

    def job(stage: int, kind: str, program: dict[str, Any]) -> Job:
        limits = Limits(_MEMORY_BYTES, 2, str(work))
        return Job(made.pipeline.namespace, run, stage, 1, kind, program, connectors, data, str(scratch / "staging"), limits)

    facts: dict[str, Any] = {}
    for source, types in made.empty.items():
        need = need_of(made.pipeline, made.pipeline.node(source), trials.TYPES)
        assert need is not None
        columns = [[name, spelled(named_type(type_)), True] for name, type_ in types.items()]
        facts[need.key] = {"exists": True, "columns": columns, "rows": 0, "sizeBytes": None, "keys": [], "marker": None, "version": None}
    wanted = [need for need in needs(made.pipeline, trials.TYPES) if need.key not in facts]
    for stage in survey(made.pipeline, wanted).stages:
        found = engine.survey(job(stage.id, "survey", stage.program), Control()).facts
        assert found is not None
        facts[found["key"]] = found["found"]
    for stage in plan(made.pipeline, facts, trials.TYPES, first_stage=len(wanted) + 1).stages:
        done = engine.run(job(stage.id, "work", json.loads(json.dumps(stage.program))), Control())
        data |= {f"{stage.id}:{dataset.port}": dataset for dataset in done.datasets}


def _rows(kept: Kept, places: Mapping[str, Path], expected: Mapping[str, Any]) -> Compared:
    if kept.connector == trials.MERGED:
        source: exp.Expr = exp.to_table(kept.name)
        database = str(places[trials.MERGED])
    else:
        source = exp.Anonymous(this="read_parquet", expressions=[exp.Literal.string(str(places[trials.TAKEN] / kept.name))])
        database = ":memory:"
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        counted = connection.execute(exp.select(exp.Count(this=exp.Star())).from_(source).sql("duckdb")).fetchone()
        rows = int(counted[0]) if counted else 0
        if rows > _MOST_ROWS:
            return Compared(None, rows, problem=f"{rows} rows came out, more than a test looks at ({_MOST_ROWS})")
        cursor = connection.execute(exp.select("*").from_(source).sql("duckdb"))
        names = [column[0] for column in cursor.description or ()]
        return compared(expected, names, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()])


if __name__ == "__main__":
    main()
