"""Events of OpenLineage, held against the specification's own schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "openlineage"
SCHEMAS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


def _registry() -> Registry[Any]:
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()]
    # Facets refer to the release of the core that was there when they were written.
    core = Resource.from_contents(SCHEMAS["OpenLineage"])
    older = [
        (f"https://openlineage.io/spec/{release}/OpenLineage.json", core)
        for release in ("1-0-0", "1-0-2", "1-0-5", "2-0-0", "2-0-1", "2-0-2")
    ]
    return Registry().with_resources([*older, *resources])


REGISTRY = _registry()


def check(event: dict[str, Any]) -> None:
    """Raises ValidationError; every facet by the schema that it names itself."""
    _held(event, {"$ref": f"{SCHEMAS['OpenLineage']['$id']}#/$defs/RunEvent"})
    parts = [event["run"]["facets"], event["job"]["facets"]]
    parts += [
        one[kind]
        for side in ("inputs", "outputs")
        for one in event[side]
        for kind in ("facets", "inputFacets", "outputFacets")
        if kind in one
    ]
    for facets in parts:
        for facet in facets.values():
            name = facet["_schemaURL"].rpartition("/")[2]
            _held(facet, {"$ref": f"{SCHEMAS[name]['$id']}#/$defs/{name}"})


def _held(value: Any, schema: dict[str, Any]) -> None:
    Draft202012Validator(schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
