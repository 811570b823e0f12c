"""A check of a plan that is kept, with the rules as they are said today: who mends a rule set goes on with the run that it held back.

What the check looks at, and what its run staged for it, stays as planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shared.engines.program import THIS, CheckProgram, Read
from shared.pipelines.model import MAIN_PORT, RuleSet, port_table
from shared.pipelines.rules import refused
from shared.pipelines.validation import full_name
from shared.planning.attach import blocking
from shared.runs.restart import CannotRestart


def renewed(program: CheckProgram, rules: RuleSet) -> CheckProgram:
    """Raises CannotRestart for a rule that needs what the plan has not staged, or that this release does not know."""
    said = [dict(rule) for rule in rules.rules]
    destination = next((read for read in program.reads if read.table.endswith(".destination")), None)
    reads = [program.this, *(read for rule in said for read in _compared(program, rules, rule))]
    for rule in said:
        if (why := refused(rule)) is not None:
            raise CannotRestart(f"rule {rule['name']} of rule set {rules.name}: {why}; leave it out")
        if rule["type"] == "UNIQUE" and destination is not None:
            rule["destination"] = True
            reads.append(replace(destination, table=f"{rule['name']}.destination"))
    return replace(program, rules=tuple(said), reads=tuple(reads), gate=bool(blocking(rules)))


def _compared(program: CheckProgram, rules: RuleSet, rule: dict[str, object]) -> Iterator[Read]:
    staged = {port: read for read in program.reads if read.table != THIS for _, port in read.datasets}
    for key in ("references", "equals"):
        if not isinstance(other := rule.get(key), dict):
            continue
        name = f"{rule['name']}.{key}"
        if "connector" in other:
            yield Read(name, "", (), full_name(other["connector"], rules.namespace), {"table": other["table"]})
            continue
        node, _, port = str(other["node"]).partition(".")
        table = port_table(node, port or MAIN_PORT)
        if table not in staged:
            raise CannotRestart(
                f"rule {rule['name']} of rule set {rules.name} compares with {table} now, which this run has not staged; start a new run"
            )
        yield replace(staged[table], table=name)
