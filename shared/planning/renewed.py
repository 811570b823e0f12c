"""A check of a plan that is kept, with the rules as they are said today: who mends a rule set goes on with the run that it held back.

What the check looks at, and what its run staged for it, stays as planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shared.engines.program import THIS, CheckProgram, Read
from shared.pipelines.model import RuleSet
from shared.pipelines.rules import refused
from shared.planning.attach import REJECTS, blocking
from shared.planning.comparisons import comparisons, read_where_it_is, table_of
from shared.rules.related import relation
from shared.rules.types import Rule
from shared.runs.restart import CannotRestart


def renewed(program: CheckProgram, rules: RuleSet, *, waited: bool = True, ahead: bool = True, inserts: bool = False) -> CheckProgram:
    """`waited`: other stages begin only when it has passed; `ahead`: what it looks at is still to be written, or to be read by others.
    `inserts`: those rows are for a sink that adds to its table.

    Raises CannotRestart for a rule that needs what the plan has not, and for one that this release does not know.
    """
    said = [dict(rule) for rule in rules.rules]
    destination = next((read for read in program.reads if read.table.endswith(".destination")), None)
    unique = any(rule["type"] == "UNIQUE" for rule in program.rules)
    reads = [program.this, *_compared(program, rules)]
    _same_rows_aside(program, rules)
    for rule in said:
        if (why := refused(rule)) is not None:
            raise CannotRestart(f"rule {rule['name']} of rule set {rules.name}: {why}; leave it out")
        if rule["type"] != "UNIQUE":
            continue
        if destination is not None:
            rule["destination"] = True
            reads.append(replace(destination, table=relation(rule, "destination")))
        elif inserts and not unique and blocking(rules):
            raise CannotRestart(
                f"rule {rule['name']} of rule set {rules.name} is to know what is in the destination, at which this run was not to look;"
                " start a new run"
            )
    held = blocking(rules)
    staged = bool(program.this.datasets)
    if held and staged and not waited and ahead:
        raise CannotRestart(
            f"rule {held[0]['name']} of rule set {rules.name} holds the data back now, and this run was planned without a gate for it;"
            " start a new run"
        )
    return replace(program, rules=tuple(said), reads=tuple(reads), gate=bool(held) and (waited or not staged))


def _same_rows_aside(program: CheckProgram, rules: RuleSet) -> None:
    """What sets rows aside stands in the plan, as its rules were said then."""
    planned, now = _rejecting(program.rules), _rejecting(rules.rules)
    for name in (*now, *planned):
        if planned.get(name) != now.get(name):
            raise CannotRestart(
                f"rule {name} of rule set {rules.name} rejects rows otherwise than when this run was planned, and which rows are set aside"
                " stands in its plan; start a new run"
            )


def _rejecting(rules: Iterable[Rule]) -> dict[str, Rule]:
    # Whether its destination is looked at is the plan's own addition.
    return {
        str(rule["name"]): {key: value for key, value in rule.items() if key != "destination"}
        for rule in rules
        if rule.get("onFail") == REJECTS
    }


def _compared(program: CheckProgram, rules: RuleSet) -> Iterator[Read]:
    staged = {port: read for read in program.reads if read.table != THIS for _, port in read.datasets}
    for rule, setting, other in comparisons(rules.rules):
        if (table := table_of(other)) is None:
            yield read_where_it_is(rule, setting, other, rules.namespace)
            continue
        if table not in staged:
            raise CannotRestart(
                f"rule {rule['name']} of rule set {rules.name} compares with {table} now, which this run has not staged; start a new run"
            )
        yield replace(staged[table], table=relation(rule, setting))
