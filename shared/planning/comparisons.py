"""What the rules of a rule set compare its rows with: rows of another node of the pipeline, or a table that is read where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.engines.program import Read
from shared.pipelines.model import MAIN_PORT, port_table
from shared.pipelines.validation import full_name
from shared.rules.related import relation
from shared.rules.types import Rule

# Settings that name other rows.
_SETTINGS = ("references", "equals")


def comparisons(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str, Mapping[str, Any]]]:
    """(rule, setting, what it names) of each, in the order of the rules: {node} or {connector, table}, with the columns."""
    for rule in rules:
        for setting in _SETTINGS:
            if isinstance(other := rule.get(setting), Mapping):
                yield rule, setting, other


def table_of(other: Mapping[str, Any]) -> str | None:
    """The port that is named; None for what a connector has."""
    if "node" not in other:
        return None
    node, _, port = str(other["node"]).partition(".")
    return port_table(node, port or MAIN_PORT)


def read_where_it_is(rule: Rule, setting: str, other: Mapping[str, Any], namespace: str) -> Read:
    """Of a connector's table, which the check surveys itself. `namespace`: of the rule set."""
    return Read(relation(rule, setting), "", (), full_name(str(other["connector"]), namespace), {"table": other["table"]})
