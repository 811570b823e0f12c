"""The connector types there are: pure specs for everyone, drivers for worker and quality only. Adding one: a folder and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.connectors.files.spec import SPEC as FILES
from shared.connectors.postgres.spec import SPEC as POSTGRES
from shared.connectors.protocols import Driver, Spec

CONNECTORS: dict[str, Spec] = {spec.type: spec for spec in (FILES, POSTGRES)}
_DRIVERS = {"files": "shared.connectors.files.driver", "postgres": "shared.connectors.postgres.driver"}


def driver(connector_type: str, config: Mapping[str, Any]) -> Driver:
    """A driver over a resolved config; loads its libraries on first use. Raises Misconfigured for an unknown type."""
    if connector_type not in _DRIVERS:
        raise Misconfigured(f"there is no connector type {connector_type}; there is {', '.join(sorted(_DRIVERS))}")
    made: Driver = import_module(_DRIVERS[connector_type]).ConnectorDriver(config)
    return made
