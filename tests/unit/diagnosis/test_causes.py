"""Each known cause is recognised by what its drivers say, and told in a sentence that names the thing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from cases import NOW, case, earlier

from shared.diagnosis import Seen, diagnose
from shared.diagnosis.causes.shapes import outdated
from shared.diagnosis.findings import Confidence
from shared.diagnosis.table import CAUSES

ROOT = Path(__file__).parents[3]
# Codes of what is wrong with a text that is sent, or of the API's own calls: no run ends with them.
_NO_RUNS = frozenset({"not_available_yet", "unknown_node", "assistant", "oidc_refused", "oidc_unavailable", "cannot_test", "cannot_export"})

# A line each: cause, error code, node (or -), and what was said, as drivers, engine and platform say it.
_LINES = (ROOT / "tests/golden/diagnosis/said.tsv").read_text().splitlines()[1:]
SAID = [(cause, code, message, None if node == "-" else node) for cause, code, node, message in (line.split("\t") for line in _LINES)]


@pytest.mark.parametrize(("cause", "code", "message", "node"), SAID, ids=[f"{one[0]}-{one[1]}" for one in SAID])
def test_what_is_said_is_recognised(cause: str, code: str, message: str, node: str | None) -> None:
    first = diagnose(case(code, message, node=node)).findings[0]
    assert first.cause == cause, first
    assert first.steps
    assert first.sentence.rstrip().endswith(".")
    assert any(message in one.what for one in first.evidence)


def test_many_causes_are_known_and_each_has_a_code_of_its_own() -> None:
    assert len({cause.code for cause in CAUSES}) == len(CAUSES)
    assert len({one[0] for one in SAID}) >= 50


@cache
def _codes() -> dict[str, str]:
    """Every `code` that an error class of ours has, and every one that is written into an error by hand, with its file."""
    found = {}
    for folder in ("shared", "services"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            # The first has codes of problems in texts, not of errors; in the last no run can fail.
            if not any(
                file.is_relative_to(ROOT / other) for other in ("shared/pipelines/validation", "shared/diagnosis", "services/api/cli")
            ):
                for code in filter(None, map(_code, ast.walk(ast.parse(file.read_text())))):
                    found[code] = str(file)
    return found


def _code(part: ast.AST) -> str | None:
    value: ast.expr | None = None
    if isinstance(part, ast.ClassDef):
        lines = (line for line in part.body if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name))
        value = next((line.value for line in lines if isinstance(line.targets[0], ast.Name) and line.targets[0].id == "code"), None)
    elif isinstance(part, ast.Dict):
        said = {key.value: value for key, value in zip(part.keys, part.values, strict=True) if isinstance(key, ast.Constant)}
        value = said.get("code") if "message" in said or "fault" in said else None
    elif isinstance(part, ast.Assign) and isinstance(at := part.targets[0], ast.Subscript):
        value = part.value if isinstance(at.slice, ast.Constant) and at.slice.value == "code" else None
    return str(value.value) if isinstance(value, ast.Constant) else None


def test_every_error_code_there_is_has_a_cause() -> None:
    there = _codes()
    assert {"connector_denied", "workers_lost", "skipped", "bug", "quality_gate", "memory"} <= there.keys()
    explained = {code for cause in CAUSES for code in cause.codes}
    assert {code: where for code, where in there.items() if code not in explained | _NO_RUNS} == {}


def test_every_error_code_gets_an_answer_whatever_is_said() -> None:
    assert [code for code in _codes() if code not in _NO_RUNS and not diagnose(case(code, "told")).findings] == []


@pytest.mark.parametrize(
    ("cause", "reason", "detail"),
    [
        ("no-worker-with-label", "worker", "no live one carries the label gpu; start one with PENSTOCK_WORKER_LABELS=gpu"),
        ("no-worker", "worker", "no worker has taken it yet"),
        ("waits-for-connection", "connector", "connector default/db allows 2 connections at once"),
        ("waits-for-place", "concurrency", "4 runs are running, the limit is 4 (PIPELINE_MAX_CONCURRENT_EXECUTIONS)"),
        ("waits-for-pipeline", "pipeline", "run 1 of this pipeline is still running (concurrencyPolicy: Forbid)"),
        ("waits-for-cursor", "cursor", "run 1 reads what is new in read; runs that share a cursor go one by one"),
        ("waits-for-sequence", "sequence", "run 1 numbers rows in net; runs that share a sequence go one by one"),
        ("waits-for-others", "dependency", "waits for default/up (dependency d)"),
        ("waits-for-breaker", "breaker", "it is tried again at 10:00:00 UTC"),
        ("waits-for-slot", "parallelism", "stages of this run at work: 1, the limit is 1 (maxParallelNodes)"),
        ("waits-for-retry", "retry", "it is tried again at 10:00:00 UTC"),
    ],
)  # fmt: skip
def test_what_waits_says_for_what(cause: str, reason: str, detail: str) -> None:
    (found,) = diagnose(case(status="RUNNING", waiting={"reason": reason, "detail": detail})).findings
    assert found.cause == cause
    assert found.evidence[0].what == detail


def test_a_run_that_takes_much_longer_than_the_good_ones_is_slow() -> None:
    before = earlier(*[("SUCCEEDED", 1, None)] * 3)
    (found,) = diagnose(case(status="RUNNING", earlier=before)).findings
    assert (found.cause, "90 s so far, where good runs took 10 s" in found.sentence) == ("slow", True)
    assert diagnose(case(status="RUNNING", earlier=before[:2])).findings == ()


def test_of_a_run_that_went_well_nothing_is_found() -> None:
    found = diagnose(case(status="SUCCEEDED"))
    assert (found.findings, found.known, found.summary) == ((), None, "nothing is wrong with this run")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("node net: there is no column amount; there is id, amount_net, tax", "plan"),
        ('h:5432/d: column "amount" does not exist; correct the name, or make it', "connector_not_found"),
    ],
)
def test_a_renamed_column_is_told_with_both_names_and_the_lines_that_use_it(message: str, code: str) -> None:
    old = (("id", "BIGINT"), ("amount", "NUMERIC(12, 2)"), ("tax", "NUMERIC(12, 2)"))
    new = (("id", "BIGINT"), ("amount_net", "NUMERIC(12, 2)"), ("tax", "NUMERIC(12, 2)"))
    first = diagnose(case(code, message, node="net", seen=[Seen("read", "default/db", "orders", new, old, NOW)])).findings[0]
    assert (first.cause, first.confidence) == ("column-renamed", Confidence.LIKELY)
    assert "Column amount of default/db: orders is called amount_net now" in first.sentence
    assert first.fix is not None
    assert "{name: net, expression: amount_net - tax}" in first.fix.text
    assert first.fix.lines == (17,)
    assert ("line 17 of default/orders version 3") in [one.where for one in first.evidence]


@pytest.mark.parametrize(
    ("code", "message", "node", "connector"),
    [
        ("connector_denied", "permission denied for table orders; grant that right", "read", "default/db"),
        ("connector_denied", "permission denied for table net_orders; grant that right", "write", "default/db"),
        ("connector_rejected_data", "value too long for type character varying(2)", "write", "default/db"),
        ("connector_denied", "the login was refused", None, "default/db"),
    ],
)
def test_an_error_without_a_node_is_charged_to_whom_it_can_only_be_of(code: str, message: str, node: str | None, connector: str) -> None:
    stage = {"stage": 2, "nodes": ["read", "net", "write"], "status": "FAILED"}
    failed = case(code, message, stage=2, stages=[stage])
    assert (failed.node, failed.connector) == (node, connector)


def test_what_a_sinks_query_meets_on_its_way_is_of_the_source_that_it_names() -> None:
    stage = {"stage": 2, "nodes": ["read", "keep"], "status": "FAILED"}
    first = diagnose(case("connector_denied", "permission denied for table orders", node="keep", stage=2, stages=[stage])).findings[0]
    assert "connector default/db" in first.sentence
    assert (first.evidence[0].where, first.fix.text if first.fix else "") == (
        "node read, stage 2",
        'GRANT SELECT ON orders TO "the user of the connector";',
    )


def test_a_column_that_is_gone_for_good_is_not_taken_for_another() -> None:
    old = (("id", "BIGINT"), ("amount", "NUMERIC(12, 2)"))
    seen = Seen("read", "default/db", "orders", (("id", "BIGINT"),), old, NOW)
    first = diagnose(case("plan", "node net: there is no column amount; there is id", node="net", seen=[seen])).findings[0]
    assert (first.cause, first.fix) == ("column-gone", None)


def test_a_column_that_was_there_when_it_was_last_looked_at_is_no_slip_of_the_pen() -> None:
    seen = Seen("read", "default/db", "orders", (("id", "BIGINT"), ("amount", "BIGINT")))
    failed = case("connector_not_found", 'column "amount" does not exist; correct the name, or make it', node="read", seen=[seen])
    assert outdated(failed)
    first = diagnose(failed).findings[0]
    assert (first.cause, first.fix) == ("column-gone", None)
    assert "is not there any more" in first.sentence


def test_a_name_that_never_was_there_is_a_slip_of_the_pen() -> None:
    seen = Seen("read", "default/db", "orders", (("id", "BIGINT"), ("ammount", "BIGINT"), ("tax", "BIGINT")))
    message = "node net: there is no column amount; did you mean ammount?"
    first = diagnose(case("plan", message, node="net", seen=[seen])).findings[0]
    assert first.cause == "column-unknown"
    assert first.fix is not None
    assert "ammount - tax" in first.fix.text


def test_a_type_that_changed_is_told_with_both_types() -> None:
    seen = Seen("read", "default/db", "orders", (("amount", "TEXT"),), (("amount", "BIGINT"),), NOW)
    first = diagnose(
        case("source_changed", "column amount of orders is not what it was when it was surveyed", node="read", seen=[seen])
    ).findings[0]
    assert (first.cause, first.sentence) == ("type-changed", "Column amount of default/db: orders was BIGINT and is TEXT now.")


def test_rules_that_hold_rows_back_are_told_with_rows_that_break_them() -> None:
    broken = {
        "rule": "positive",
        "type": "RANGE",
        "dataset": "orders.net",
        "blocks": True,
        "failing": 3,
        "checked": 10,
        "offenders": [{"id": 7, "net": -1}],
    }
    first = diagnose(case("quality_gate", "held back", node="net", quality=[broken])).findings[0]
    assert "Rule positive (RANGE) fails for 3 of 10 rows." in first.sentence
    assert "id = 7, net = -1" in first.evidence[1].what


def test_rejected_rows_come_with_an_example() -> None:
    letters = [{"node": "net", "kind": "row", "rule": None, "letters": 12, "message": "net: division by zero", "record": '{"id": 7}'}]
    found = diagnose(case("too_many_rejects", "node net rejected 12 of 100 rows; its rejectLimit allows 10", node="net", letters=letters))
    more = diagnose(case("too_many_rejects", "node net rejected 12 rows", node="net", letters=[{**letters[0], "more": True}]))
    assert more.findings[0].evidence[1].what.startswith("at least 12 rejected rows")
    assert '12 rejected rows: net: division by zero; one: {"id": 7}' in [one.what for one in found.findings[0].evidence]


def test_the_guide_lists_every_cause() -> None:
    listed = [line for line in (ROOT / "docs/guides/diagnosis.md").read_text().splitlines() if line.startswith("| `")]
    assert listed == [f"| `{cause.code}` | {cause.title} |" for cause in CAUSES]
