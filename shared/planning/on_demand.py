"""Checks that are no stage of a run: of a rule set that a person asks for, and the usual profile of what a sink has written.

Both look at what is there, the whole of it (scope dataset), through its connector, and are asked of the quality service as a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.connectors import CONNECTORS, runs
from shared.engines.program import THIS, CheckProgram, Read
from shared.errors import ConfigurationError
from shared.pipelines.kinds.quality import Drift, Profile
from shared.pipelines.model import RuleSet
from shared.pipelines.validation import full_name
from shared.planning.checks import profile_settings
from shared.planning.comparisons import comparisons, read_where_it_is, table_of

# Nobody asked for it, so it must cost little: of a dataset with more rows it looks at a sample.
SAMPLE_ABOVE = 1_000_000
# Who only looks into such a file keeps all others out of it meanwhile: nobody is to be kept out by what he has not asked for.
_LOCKED_BY_READERS = ("duckdb",)


class NotThere(ConfigurationError):
    """The rule set is of rows that are there only while a run goes on, or no longer."""

    code = "dataset_not_there"


def of_rule_set(rules: RuleSet, sink: Mapping[str, Any] | None = None) -> CheckProgram:
    """`sink`: {connector, table or path} of the node, where the rule set names one. Raises NotThere."""
    where = rules.dataset if "connector" in rules.dataset else sink
    if where is None or "output" in rules.dataset:
        node = f"{rules.dataset['pipeline']}.{rules.dataset['node']}"
        raise NotThere(
            f"rule set {rules.name} is of what node {node} hands on, which is there only while a run goes on; start the pipeline,"
            " or name a connector's table or path"
        )
    connector = full_name(str(where["connector"]), rules.namespace)
    this = Read(THIS, "", (), connector=connector, options=_object(where))
    return CheckProgram(
        dataset_name(connector, where),
        (this, *_compared(rules)),
        tuple(dict(rule) for rule in rules.rules),
        rules.name,
        scope="dataset",
        profile=profile_settings(rules.profile),
        drift=dict(rules.drift),
    )


def of_sink(sink: Mapping[str, Any], connector_type: str) -> CheckProgram | None:
    """Of an entry of `sinks` in a stored program: the profile of all that is at its destination. None where rows cannot be read there."""
    spec = CONNECTORS.get(connector_type)
    if spec is None or not runs(connector_type) or (spec.dialect is None and connector_type != "files"):
        return None
    if connector_type in _LOCKED_BY_READERS:
        return None
    options = {"table": sink["target"]} if spec.dialect is not None else _file(sink)
    return CheckProgram(
        dataset_name(sink["connector"], {"table": sink["target"]}),
        (Read(THIS, sink["node"], (), connector=sink["connector"], options=options),),
        scope="dataset",
        profile=profile_settings({**Profile().load({}), "sampleAbove": SAMPLE_ABOVE}),
        drift=dict(Drift().load({})),
    )


def dataset_name(connector: str, where: Mapping[str, Any]) -> str:
    """As checks after runs call it. `connector`: namespace/name."""
    return f"{connector}:{where.get('table') or where.get('path')}"


def _object(where: Mapping[str, Any]) -> dict[str, Any]:
    return {key: where[key] for key in ("table", "path") if where.get(key)}


def _file(sink: Mapping[str, Any]) -> dict[str, Any]:
    """The file that OVERWRITE has replaced, or all files of the folder that it adds to."""
    said = {key: sink["options"][key] for key in ("format", "options") if sink["options"].get(key)}
    if sink["writeMode"] == "OVERWRITE" and not sink["options"].get("partitionBy"):
        return {"path": sink["target"], **said}
    return {"path": f"{sink['target'].rstrip('/')}/**/*", "format": "parquet", **said}


def _compared(rules: RuleSet) -> Iterator[Read]:
    """What rules compare it with. What another node hands on is not there: such a rule is told as one that cannot be measured."""
    for rule, setting, other in comparisons(rules.rules):
        if table_of(other) is None:
            yield read_where_it_is(rule, setting, other, rules.namespace)
