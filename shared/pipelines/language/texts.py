"""The texts of a recipe that hold templates, each with what it stands in: one walk, for whoever collects, computes or fills them.

Only values of YAML are looked at, never keys. What the schema says of a setting counts: `templates` in a field's metadata is "never" for
what is decided when a recipe is saved, "own" for what has templates of another kind; both are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from shared.pipelines.kinds.pipeline import PipelineSpec
from shared.pipelines.language.fixed import FIXED_SETTINGS
from shared.pipelines.language.pointers import below
from shared.pipelines.nodes import NODE_TYPES

# Stands for a setting that is not given, since its template has no value.
ABSENT: Any = object()
Field = fields.Field[Any] | None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text stands. `field`: of the schema, where one says what it is; `node`: whose config it is part of.

    `spel`: expressions here are SpEL. `names`: "files" to read, in whose names signs such as * mean something, or a "table", in whose name
    a dot does.
    """

    path: str
    field: Field = None
    node: str | None = None
    spel: bool = False
    names: str | None = None


# What becomes of one text; ABSENT takes its setting away.
Visit = Callable[[str, Spot], Any]


def visited(spec: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    """A pipeline's spec with what `visit` makes of each text that holds templates; all else as it was."""
    known = _fields(PipelineSpec)
    made = {}
    for key, value in spec.items():
        path = below("/spec", key)
        if key in FIXED_SETTINGS:
            made[key] = value
        elif key == "nodes" and isinstance(value, list):
            made[key] = [_node(node, below(path, at), visit) for at, node in enumerate(value)]
        else:
            made[key] = _value(value, Spot(path, known.get(key)), visit)
    return _present(made)


def _node(node: Any, path: str, visit: Visit) -> Any:
    if not isinstance(node, Mapping):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        here = Spot(below(path, key), node=str(node.get("id")))
        if key == "config" and isinstance(value, Mapping):
            made[key] = _config(node, value, here, visit)
        else:
            made[key] = value if key in ("id", "type") else _value(value, here, visit)
    return _present(made)


def _config(node: Mapping[str, Any], config: Mapping[str, Any], here: Spot, visit: Visit) -> dict[str, Any]:
    kind = NODE_TYPES.get(str(node.get("type")))
    known = _fields(kind.config_schema) if kind is not None else {}
    names = {"table": "table"} | ({"path": "files"} if kind is not None and kind.role == "source" else {})
    made = {}
    for key, value in config.items():
        spot = replace(here, path=below(here.path, key), field=known.get(key))
        made[key] = _value(value, replace(spot, spel=config.get("language") == "spel", names=names.get(key)), visit)
    return _present(made)


def _value(value: Any, here: Spot, visit: Visit) -> Any:
    of = here.field
    if isinstance(value, str):
        passed = "{{" not in value or (of is not None and of.metadata.get("templates") in ("never", "own"))
        return value if passed else visit(value, here)
    if isinstance(value, list):
        inner = of.inner if isinstance(of, fields.List) else None
        items = [_value(item, replace(here, path=below(here.path, at), field=inner), visit) for at, item in enumerate(value)]
        return [item for item in items if item is not ABSENT]
    if isinstance(value, Mapping):
        known = _fields(type(of.schema)) if isinstance(of, fields.Nested) else {}
        entry_of = of.value_field if isinstance(of, fields.Dict) else None
        return _present(
            {
                key: _value(entry, replace(here, path=below(here.path, key), field=known.get(key, entry_of)), visit)
                for key, entry in value.items()
            }
        )
    return value


def _present(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if value is not ABSENT}


@cache
def _fields(schema: type[Schema]) -> dict[str, fields.Field[Any]]:
    # Making a schema copies all its fields.
    return {made.data_key or name: made for name, made in schema().load_fields.items()}
