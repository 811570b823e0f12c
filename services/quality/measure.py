"""Measures a rule set over staged rows: all rules in one statement, one scan. Runs in a child process, on DuckDB."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from sqlglot import exp

from services.quality.offenders import MOST, shown
from services.quality.score import Term, score
from shared.datasets import Columns, Dataset
from shared.datasets.staging import staging_of
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, reaching_staging
from shared.engines.duckdb.errors import translated
from shared.engines.program import CheckProgram
from shared.engines.work import Job, Outcome
from shared.errors import ConfigurationError, DataError
from shared.rules import RULES, RuleType, Scan, Verdict
from shared.rules.types import this
from shared.sql.errors import SqlProblem
from shared.sql.render import sql

Rule = Mapping[str, Any]
DIALECT = "duckdb"


class CheckFailed(DataError):
    """A rule could not be evaluated on these rows."""

    code = "check_failed"


class UnknownRule(ConfigurationError):
    code = "unknown_rule"


def run(job: Job, control: Control) -> Outcome:
    program = CheckProgram.from_json(job.program)
    ((stage, port),) = program.this.datasets
    dataset = job.inputs[f"{stage}:{port}"]
    with (
        translated(job.limits.memory_bytes),
        connected(job.limits) as connection,
        control.stopped_by(connection.interrupt),
        reaching_staging(connection, staging_of(dataset.uri)),
    ):
        _view(connection, dataset, program.this.columns)
        results = measure(connection, program.this.columns or dataset.columns, program.rules)
    value, formula = score([Term(r["rule"], r["severity"], r["passed"], r["checked"], r["failing"]) for r in results])
    passed = sum(result["passed"] for result in results)
    quality = {
        "ruleSet": program.rule_set,
        "dataset": program.dataset,
        "scope": program.scope,
        "score": value,
        "passed": passed,
        "failed": len(results) - passed,
        "formula": formula,
        "results": results,
        "blocked": [result["rule"] for result in results if result["blocks"] and not result["passed"]],
    }
    return Outcome(epoch=job.epoch, quality=quality)


def measure(connection: duckdb.DuckDBPyConnection, columns: Columns, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """One result per rule, in their order, over the view `this`.

    {rule, type, severity, passed, checked, failing, observed, expected, offenders}
    """
    scans = [_scan(rule, columns, number) for number, rule in enumerate(rules)]
    measured = _measured(connection, scans, [str(rule["name"]) for rule in rules])
    return [_result(connection, rule, columns, scan, found) for rule, scan, found in zip(rules, scans, measured, strict=True)]


def _type(rule: Rule) -> RuleType:
    try:
        return RULES[rule["type"]]
    except KeyError as error:
        raise UnknownRule(f"rule {rule['name']}: type {rule['type']} is not known; there are {', '.join(RULES)}") from error


def _scan(rule: Rule, columns: Columns, number: int) -> Scan | Verdict:
    """A rule that cannot be measured on these columns fails, and says so: it must not hide the others."""
    names = [column.name for column in columns]
    gone = [name for name in _type(rule).columns(rule) if name not in names]
    if gone:
        near = difflib.get_close_matches(gone[0], names, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return Verdict(False, 0, 0, {"missingColumns": ", ".join(gone)}, {"columns": f"{', '.join(gone)} in the dataset{hint}"})
    try:
        return _type(rule).scan(rule, columns, f"grouped_{number}")
    except SqlProblem as problem:
        return Verdict(False, 0, 0, {"where": problem.message}, {"where": "a condition on the dataset's columns"})


def _measured(connection: duckdb.DuckDBPyConnection, scans: Sequence[Scan | Verdict], rules: Sequence[str]) -> list[dict[str, Any]]:
    """The aggregates of all scans, from one statement."""
    select, names = exp.select().from_(this()), []
    for number, scan in enumerate(scans):
        if isinstance(scan, Scan):
            for table, relation in scan.grouped.items():
                select = select.with_(exp.to_identifier(table, quoted=True), as_=relation)
            for name, aggregate in scan.aggregates.items():
                names.append((number, name))
                select = select.select(exp.alias_(aggregate, f"m{len(names)}", quoted=True))
    measured: list[dict[str, Any]] = [{} for _ in scans]
    if names:
        try:
            row = connection.execute(sql(select, DIALECT)).fetchone()
        except (duckdb.BinderException, duckdb.ConversionException) as error:
            raise CheckFailed(f"the rules {', '.join(rules)} cannot be measured: {str(error).splitlines()[0]}") from error
        for (number, name), value in zip(names, row or (), strict=True):
            measured[number][name] = value
    return measured


def _result(
    connection: duckdb.DuckDBPyConnection, rule: Rule, columns: Columns, scan: Scan | Verdict, found: Mapping[str, Any]
) -> dict[str, Any]:
    verdict = _type(rule).verdict(rule, found) if isinstance(scan, Scan) else scan
    offenders = []
    if isinstance(scan, Scan) and not verdict.passed:
        offenders = _offenders(connection, _type(rule).offending(rule, columns))
    return {
        "rule": rule["name"],
        "type": rule["type"],
        "severity": rule.get("severity") or "medium",
        "blocks": bool(rule.get("blockPipeline")) and rule.get("onFail") != "reject_rows",
        "passed": verdict.passed,
        "checked": verdict.checked,
        "failing": verdict.failing,
        "observed": {key: shown(value) for key, value in verdict.observed.items()},
        "expected": {key: shown(value) for key, value in verdict.expected.items()},
        "offenders": offenders,
    }


def _offenders(connection: duckdb.DuckDBPyConnection, rows: exp.Select) -> list[dict[str, Any]]:
    found = connection.execute(sql(rows.limit(MOST), DIALECT))
    names = [column[0] for column in found.description or ()]
    return [{name: shown(value, name) for name, value in zip(names, row, strict=True)} for row in found.fetchall()]


def _view(connection: duckdb.DuckDBPyConnection, dataset: Dataset, columns: Columns) -> None:
    file = exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[exp.Literal.string(dataset.uri)]))
    create = exp.Create(
        this=this(),
        kind="VIEW",
        expression=exp.select(*(exp.column(column.name, quoted=True) for column in columns or dataset.columns)).from_(file),
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )
    connection.execute(sql(create, DIALECT))
