"""kind: Connector. Its config by the type's own schema; secrets may be references, which only a worker resolves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors import CONNECTORS
from shared.connectors.protocols import Spec
from shared.pipelines.kinds.connector import LATER, ConnectorSpec
from shared.pipelines.language.pointers import below
from shared.pipelines.validation import shape
from shared.pipelines.validation.known import Known
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.templates import ONLY_SECRETS
from shared.pipelines.validation.words import hint, nearest


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    name = report.document.name
    shape.check(report, ConnectorSpec, spec, path, Owner(f"connector '{name}'"))
    kind, config = spec.get("type"), spec.get("config", {})
    if not isinstance(kind, str) or not kind:
        return
    if kind in CONNECTORS:
        if isinstance(config, Mapping):
            _config(report, CONNECTORS[kind], config, below(path, "config"), "credential" in spec)
    elif kind in LATER:
        remedy = f"there is {', '.join(CONNECTORS)}"
        report.not_available(f"the type '{kind}' of connector '{name}'", below(path, "type"), Owner("the document"), remedy=remedy)
    else:
        near = nearest(kind, (*CONNECTORS, *LATER))
        message = f"connector '{name}' has the unknown type '{kind}'{hint(near, CONNECTORS)}"
        report.add("unknown_connector_type", message, below(path, "type"), suggestion=near)


def _config(report: Report, kind: Spec, config: Mapping[str, Any], path: str, has_credential: bool) -> None:
    owner = Owner(f"connector '{report.document.name}' ({kind.type})")
    for field in shape.names(kind.config_schema) if has_credential else ():
        # A credential's fields complete the config; which ones it has is seen when a worker resolves it.
        if field not in config:
            report.settle(below(path, field))
    shape.check(report, kind.config_schema, config, path, owner, shape.Rules(templates=ONLY_SECRETS))
