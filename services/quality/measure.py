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
from shared.engines.control import Control
from shared.engines.program import CheckProgram
from shared.engines.work import Job, Limits, Outcome
from shared.errors import ConfigurationError, DataError
from shared.rules import RULES, RuleType, Verdict
from shared.rules.types import THIS, this

Rule = Mapping[str, Any]
DIALECT = "duckdb"


class CheckFailed(DataError):
    """A rule could not be evaluated on these rows."""

    code = "check_failed"


class UnknownRule(ConfigurationError):
    code = "unknown_rule"


def run(job: Job, control: Control) -> Outcome:
    program = CheckProgram.from_json(job.program)
    dataset = job.inputs[f"{program.input[0]}:{program.input[1]}"]
    connection = _connect(job.limits)
    try:
        with control.stopped_by(connection.interrupt):
            _view(connection, dataset)
            results = measure(connection, dataset.columns, program.rules)
    finally:
        connection.close()
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
    }
    return Outcome(epoch=job.epoch, quality=quality)


def measure(connection: duckdb.DuckDBPyConnection, columns: Columns, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """One result per rule, in their order, over the view `this`: {rule, type, severity, passed, checked, failing, observed, expected, offenders}."""
    missing = {number: gone for number, rule in enumerate(rules) if (gone := _missing(rule, columns))}
    measurable = {number: rule for number, rule in enumerate(rules) if number not in missing}
    measured = _scan(connection, columns, measurable)
    results = []
    for number, rule in enumerate(rules):
        verdict = missing[number] if number in missing else _type(rule).verdict(rule, measured[number])
        offenders = []
        if number not in missing and not verdict.passed:
            offenders = _offenders(connection, _type(rule).offending(rule, columns))
        results.append(
            {
                "rule": rule["name"],
                "type": rule["type"],
                "severity": rule.get("severity", "medium"),
                "passed": verdict.passed,
                "checked": verdict.checked,
                "failing": verdict.failing,
                "observed": {key: shown(value) for key, value in verdict.observed.items()},
                "expected": {key: shown(value) for key, value in verdict.expected.items()},
                "offenders": offenders,
            }
        )
    return results


def _type(rule: Rule) -> RuleType:
    try:
        return RULES[rule["type"]]
    except KeyError as error:
        raise UnknownRule(f"rule {rule['name']}: type {rule['type']} is not known; there are {', '.join(RULES)}") from error


def _missing(rule: Rule, columns: Columns) -> Verdict | None:
    """A rule on a column that is not there fails, and says so; it must not hide the others."""
    names = [column.name for column in columns]
    gone = [name for name in _type(rule).columns(rule) if name not in names]
    if not gone:
        return None
    near = difflib.get_close_matches(gone[0], names, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Verdict(False, 0, 0, {"missingColumns": ", ".join(gone)}, {"columns": f"{', '.join(gone)} in the dataset{hint}"})


def _scan(connection: duckdb.DuckDBPyConnection, columns: Columns, rules: Mapping[int, Rule]) -> dict[int, dict[str, Any]]:
    select, names = exp.select().from_(this()), []
    for number, rule in rules.items():
        scan = _type(rule).scan(rule, columns, f"grouped_{number}")
        for table, relation in scan.grouped.items():
            select = select.with_(exp.to_identifier(table, quoted=True), as_=relation)
        for name, aggregate in scan.aggregates.items():
            names.append((number, name))
            select = select.select(aggregate.as_(f"m{len(names)}", quoted=True))
    measured: dict[int, dict[str, Any]] = {number: {} for number in rules}
    if names:
        try:
            row = connection.execute(select.sql(DIALECT)).fetchone()
        except duckdb.Error as error:
            raise CheckFailed(f"the rules {', '.join(str(rule['name']) for rule in rules.values())} cannot be measured: {error}") from error
        for (number, name), value in zip(names, row or (), strict=True):
            measured[number][name] = value
    return measured


def _offenders(connection: duckdb.DuckDBPyConnection, rows: exp.Select) -> list[dict[str, Any]]:
    found = connection.execute(rows.limit(MOST).sql(DIALECT))
    names = [column[0] for column in found.description or ()]
    return [{name: shown(value, name) for name, value in zip(names, row, strict=True)} for row in found.fetchall()]


def _connect(limits: Limits) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{int(limits.memory_bytes * 0.6)}B",
            "threads": limits.threads,
            "temp_directory": limits.scratch,
            "preserve_insertion_order": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        },
    )


def _view(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> None:
    file = exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[exp.Literal.string(dataset.uri)]))
    create = exp.Create(this=exp.to_table(THIS), kind="VIEW", expression=exp.select("*").from_(file), properties=exp.Properties(expressions=[exp.TemporaryProperty()]))
    connection.execute(create.sql(DIALECT, identify=True))
