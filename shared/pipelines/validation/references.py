"""Names of things that stand in other documents: is the connector there, and can it do what the node asks of it?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from shared.connectors import CONNECTORS
from shared.connectors.protocols import Spec
from shared.pipelines.kinds.connector import LATER
from shared.pipelines.language.pointers import below
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.validation import shape
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import nearest


def connector(report: Report, reference: Any, path: str, owner: Owner, known: Known) -> Spec | None:
    """Reports a connector that is not there; the spec of its type where it is."""
    if not isinstance(reference, str) or not reference or report.settled(path):
        return None
    if "{{" in reference and report.document.filled is None:
        # Which connector it is, a run's values will say.
        return None
    name = full_name(reference, report.document.namespace)
    if name in known.connectors:
        kind = known.connectors[name][0]
        if kind in LATER:
            what = f"the type '{kind}' of the connector '{name}', which {owner.phrase} uses,"
            report.not_available(what, path, owner, remedy=f"there is {', '.join(CONNECTORS)}")
        return CONNECTORS.get(kind)
    near = nearest(name, known.connectors)
    remedy = f": did you mean '{near}'?" if near else "; apply a document of kind Connector with that name"
    report.add(
        "unknown_connector",
        f"{owner.phrase} uses the connector '{name}', which does not exist{remedy}",
        path,
        node=owner.node,
        suggestion=near,
        severity="error" if known.require_connectors else "warning",
    )
    return None


def connector_settings(report: Report, kind: NodeType, config: Mapping[str, Any], path: str, owner: Owner, spec: Spec) -> None:
    """What a source or sink says for its connector, against what a connector of that type takes."""
    if spec.no_rows is not None:
        report.add("wrong_connector_type", f"{owner.phrase}: {spec.no_rows}", below(path, "connector"), node=owner.node)
        return
    schema = spec.source_schema if kind.role == "source" else spec.sink_schema
    taken = shape.names(schema)
    vocabulary = {name for other in CONNECTORS.values() for each in (other.source_schema, other.sink_schema) for name in shape.names(each)}
    for key in config:
        if key in vocabulary and key not in taken and not report.settled(below(path, key)):
            message = f"{owner.phrase} has '{key}', which a connector of type {spec.type} does not take; it takes {', '.join(taken)}"
            report.add("unknown_setting", message, below(path, key), node=owner.node, key=True)
    shape.check(
        report, schema, {key: value for key, value in config.items() if key in taken and not report.settled(below(path, key))}, path, owner
    )
    mode = config.get("writeMode")
    if kind.role == "sink" and mode in ("INSERT", "UPSERT", "OVERWRITE") and mode not in spec.write_modes:
        message = f"{owner.phrase} asks for {mode}, which a connector of type {spec.type} cannot do; use {' or '.join(spec.write_modes)}"
        report.add("invalid_choice", message, below(path, "writeMode"), node=owner.node)


def calendar(report: Report, name: str, path: str, owner: Owner, known: Known) -> None:
    """Only told: until a calendar is there the pipeline fires as if it had no days off, and by hand it runs without one."""
    _absent(report, "calendar", "Calendar", name, known.calendars, path, owner)


def rule_set(report: Report, name: str, path: str, owner: Owner, known: Known) -> None:
    _absent(report, "rule set", "DataQualityRuleSet", name, known.rule_sets, path, owner)


def pipeline(report: Report, name: str, path: str, owner: Owner, known: Known) -> None:
    """Only told: it may be applied later."""
    _absent(report, "pipeline", "Pipeline", name, known.pipelines, path, owner)


def _absent(report: Report, what: str, kind: str, name: str, there: Collection[str], path: str, owner: Owner) -> None:
    """Tells of a name for which nothing is there; `what` and `kind`: the word for one, and the kind of its document."""
    full = full_name(name, report.document.namespace)
    if full in there or report.settled(path):
        return
    near = nearest(full, there)
    remedy = f": did you mean '{near}'?" if near else f"; apply a document of kind {kind} with that name"
    message = f"{owner.phrase} names the {what} '{full}', which does not exist{remedy}"
    report.add(f"unknown_{what.replace(' ', '_')}", message, path, suggestion=near, severity="warning")
