"""Valid trees of every kind for Hypothesis, drawn from the JSON Schemas; what a schema cannot say is taken from its examples."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hypothesis import strategies as st

from shared.pipelines import json_schema
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.rules import RULES, refused

Draw = st.DrawFn
kind_schema, node_schema = cache(json_schema.kind_schema), cache(json_schema.node_schema)
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0{", exclude_categories=["Cs"]), max_size=12)
# Settings with a meaning beyond their schema: values come from the examples.
KNOWN_WORDS = re.compile(
    r"/(timezone|schedule|countries|subdivisions|exchanges|dates|include|exclude|halfDays|pattern|schema|type|min|max)$"
)

# A message goes by what its type asks for.
WAYS: dict[str, dict[str, Any]] = {
    "slack": {"type": "slack", "connector": "team-slack"},
    "webhook": {"type": "webhook", "url": "{{credential:hook#url}}"},
    "email": {"type": "email", "to": ["data-team@example.com"]},
}


@st.composite
def documents(draw: Draw, kind: str) -> dict[str, Any]:
    """A document that validation finds nothing wrong with, but for connectors that are not there."""
    schema = kind_schema(kind)
    spec = draw(_value(schema["properties"]["spec"], "/spec", schema))
    if kind == "Pipeline":
        spec |= draw(_graph())
        spec["parameters"] = list({one["name"]: one for one in spec.get("parameters", [])}.values())
        if "triggers" in spec:
            spec["triggers"] = [_apart(at, one, spec["parameters"]) for at, one in enumerate(spec["triggers"])]
        if "notifications" in spec:
            spec["notifications"] = [{"on": one["on"], **WAYS[one["type"]]} for one in spec["notifications"]]
    if kind == "DataQualityRuleSet":
        spec["rules"] = list({one["name"]: one for one in spec["rules"]}.values())
        if drift := spec.get("drift"):
            drift["window"] = max(drift.get("window", 30), drift.get("minHistory", 5))
    if kind == "Connector":
        spec |= {"type": "files", "config": {"root": "/data/" + draw(NAMES)}}
    metadata = {
        "name": draw(NAMES),
        "namespace": draw(NAMES),
        "annotations": draw(st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=2)),
    }
    return {"apiVersion": "penstock/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _apart(at: int, trigger: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """A trigger with a name of its own that fills no parameter; a webhook's without what needs a source that reads it, and with the
    parameters there are.
    """
    made = {key: value for key, value in trigger.items() if key != "parameter"} | {"name": f"t{at}"}
    if made["type"] == "webhook":
        made = {key: value for key, value in made.items() if key not in ("rows", "batchMillis")}
        made["parameters"] = {one["name"]: "$.x" for one in parameters}
    return made


@st.composite
def _graph(draw: Draw) -> dict[str, Any]:
    """A source of each kind of row, a chain of transforms behind it, and a sink."""
    ids = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    kinds = ["connector_source", *draw(st.lists(st.sampled_from(CHAIN), min_size=len(ids) - 2, max_size=len(ids) - 2)), "connector_sink"]
    nodes, edges = [], []
    for at, (name, kind) in enumerate(zip(ids, kinds, strict=True)):
        schema = node_schema(kind)
        config = draw(_value(schema, "/config", schema))
        nodes.append({"id": name, "type": kind, "config": config, "label": draw(TEXTS)})
        if at:
            edges.append({"from": ids[at - 1], "to": name, "output": _port(nodes[at - 1])})
    return {"nodes": nodes, "edges": edges}


CHAIN = ("filter", "expression", "aggregator", "sorter", "router", "deduplicate", "validate", "sequence_generator", "python", "ai_extract")


def _port(node: dict[str, Any]) -> str:
    return NODE_TYPES[node["type"]].ports(node["config"])[0]


@st.composite
def _value(draw: Draw, schema: dict[str, Any], path: str, whole: dict[str, Any]) -> Any:
    examples = list(schema.get("examples", ())) + ([schema["default"]] if schema.get("default") is not None else [])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if examples and (KNOWN_WORDS.search(path) or "format" in schema or ("pattern" in schema and kind == "string") or kind is None):
        return draw(st.sampled_from(examples))
    if kind == "object":
        return draw(_object(schema, path, whole))
    if kind == "array":
        if "format" in schema["items"] and examples:
            return draw(st.sampled_from([one for one in examples if len(one) >= schema.get("minItems", 0)]))
        item = _value(schema["items"], f"{path}/0", whole)
        return draw(st.lists(item, min_size=schema.get("minItems", 0), max_size=2))
    if kind in ("integer", "number"):
        least, most = schema.get("minimum", -5), schema.get("maximum", schema.get("minimum", 0) + 100)
        return draw(st.integers(int(least + 0.99), int(most)))
    if kind == "boolean":
        return draw(st.booleans())
    if examples:
        return draw(st.sampled_from(examples))
    return draw(TEXTS.filter(lambda text: len(text) >= schema.get("minLength", 0)))


@st.composite
def _object(draw: Draw, schema: dict[str, Any], path: str, whole: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in schema:
        return draw(st.sampled_from(schema["examples"])) if schema.get("examples") else {}
    branches = [one for one in schema.get("allOf", ()) if "if" in one and "const" in one["if"].get("properties", {}).get("type", {})]
    if branches and "properties" in branches[0]["then"] and "$ref" not in str(branches[0]["then"])[:60]:
        # An entry with a type of its own.
        branch = draw(st.sampled_from(branches))
        entry = draw(_value(branch["then"], path, whole))
        return _taken_out({**entry, "type": branch["if"]["properties"]["type"]["const"]})
    needed = [*schema.get("required", ()), *(name for name in _together(draw, schema) if name in schema["properties"])]
    # Settings that stand in no rule are free to come or not.
    ruled = _ruled(schema)
    free = [name for name in schema["properties"] if name not in needed and name not in ruled and name not in ("nodes", "edges")]
    chosen = dict.fromkeys([*needed, *draw(st.lists(st.sampled_from(free), unique=True, max_size=4) if free else st.just([]))])
    found = {name: draw(_value(schema["properties"][name], f"{path}/{name}", whole)) for name in chosen if name not in ("nodes", "edges")}
    return _settled(found)


def _taken_out(entry: dict[str, Any]) -> dict[str, Any]:
    """A rule whose failing rows can be taken out, if it is one, or need not be."""
    if entry["type"] in RULES:
        entry.pop("maxNullPercent", None)
        if "minPercent" in entry:
            entry["minPercent"] = 100
        if refused(entry) is not None:
            del entry["onFail"]
    return entry


def _together(draw: Draw, schema: dict[str, Any]) -> list[str]:
    """Settings that a rule wants: the first of its alternatives."""
    wanted: list[str] = []
    for rule in schema.get("allOf", ()):
        for key in ("oneOf", "anyOf"):
            if key in rule:
                wanted += draw(st.sampled_from(rule[key]))["required"]
    return wanted


def _ruled(schema: dict[str, Any]) -> set[str]:
    return set(re.findall(r"'([A-Za-z]+)'", " ".join(str(rule) for rule in schema.get("allOf", ()) if "then" not in rule)))


def _settled(found: dict[str, Any]) -> dict[str, Any]:
    """What rules across settings ask for beside being there."""
    if found.get("writeMode") == "UPSERT":
        found["upsertKeys"] = ["id"]
    if "language" in found:
        # The examples are SQL.
        found["language"] = "sql"
    if "default" in found and found.get("type", "string") not in ("string", "date"):
        # A default is of its parameter's type, and the example is a date.
        del found["default"]
    if "function" in found and "name" in found:
        found["column"] = "amount"
    if found.get("type") in ("tumbling", "sliding", "session"):
        found |= {"size": "5m", "slide": "1m", "gap": "30m"}
    if isinstance(found.get("routes"), list):
        found["routes"] = list({route["name"]: route for route in found["routes"]}.values())
        found.pop("defaultRoute", None)
    if "dependsOn" in found:
        found["pipeline"] = "report-itself"
        found["dependsOn"] = found["dependsOn"][:1]
    if isinstance(found.get("min"), int | float) and isinstance(found.get("max"), int | float) and found["min"] > found["max"]:
        found["min"], found["max"] = found["max"], found["min"]
    return found
