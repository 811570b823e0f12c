"""The JSON Schemas against the validation they describe, through an independent library."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.connectors import CONNECTORS
from shared.pipelines.json_schema import connector_schema, kind_schema, node_schema, recipe_schema
from shared.pipelines.kinds import KINDS
from shared.pipelines.language import read_documents
from shared.pipelines.model import Document
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import validate

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))
# What a schema can say. Other codes are about what stands between settings, nodes and documents, or behind the text of a value.
SCHEMA_LEVEL = {
    "unknown_setting",
    "missing_setting",
    "wrong_type",
    "invalid_choice",
    "unknown_node_type",
    "unknown_rule_type",
    "unknown_trigger_type",
    "unknown_connector_type",
    "unknown_kind",
    "unknown_api_version",
}
ALL = {kind: jsonschema.Draft202012Validator(kind_schema(kind)) for kind in KINDS}


def documents() -> list[Document]:
    found = [document for path in EXAMPLES for document in read_documents(path.read_text())]
    assert {document.kind for document in found} == KINDS.keys(), "each kind has an example"
    return found


def test_every_schema_is_one() -> None:
    schemas = [recipe_schema(), *map(kind_schema, KINDS), *map(node_schema, NODE_TYPES), *map(connector_schema, CONNECTORS)]
    for schema in schemas:
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema.Draft202012Validator.check_schema(schema)
        json.dumps(schema, allow_nan=False)


def _settings(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, setting in schema.get("properties", {}).items():
            if "if" not in schema and isinstance(setting, dict) and set(setting) - {"const", "enum", "not", "$ref", "minItems"}:
                yield f"{path}/{name}", setting
        for key, part in schema.items():
            if key not in ("if", "default", "examples"):
                yield from _settings(part, f"{path}/{key}")
    elif isinstance(schema, list):
        for at, part in enumerate(schema):
            yield from _settings(part, f"{path}/{at}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_has_a_title_and_a_description(kind: str) -> None:
    for path, setting in _settings(kind_schema(kind), kind):
        if path.endswith("/type") and set(setting) == {"enum", "title"}:
            continue
        assert setting.get("title") and setting.get("description"), path


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_and_examples_fit_their_own_settings(kind: str) -> None:
    for path, setting in _settings(kind_schema(kind), kind):
        if "$ref" in json.dumps(setting):
            continue
        for value in [*setting.get("examples", ()), *([setting["default"]] if "default" in setting else [])]:
            jsonschema.Draft202012Validator(setting).validate(value), path


def test_words_out_of_a_list_are_enums() -> None:
    sink = node_schema("connector_sink")["properties"]
    assert sink["writeMode"]["enum"] == ["INSERT", "UPSERT", "OVERWRITE"]
    assert sink["batchSize"]["default"] == 1000
    spec = kind_schema("Pipeline")["properties"]["spec"]["properties"]
    assert spec["concurrencyPolicy"]["enum"] == ["Allow", "Forbid", "Replace"]
    assert spec["nodes"]["items"]["properties"]["type"]["enum"] == list(NODE_TYPES)


def test_secrets_of_connectors_are_marked() -> None:
    assert connector_schema("postgres")["properties"]["password"]["writeOnly"] is True
    assert "writeOnly" not in connector_schema("postgres")["properties"]["host"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_fits_its_schema(path: Path) -> None:
    whole = jsonschema.Draft202012Validator(recipe_schema())
    for document in read_documents(path.read_text()):
        ALL[document.kind].validate(document.tree)
        whole.validate(document.tree)


Mutation = Callable[[random.Random, Any, str | int, Any], None]


def _misspelt(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)


def _gone(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    del holder[key]


def _of_another_type(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    others: list[Any] = ["text", 7, 1.5, True, ["a"], {"a": 1}, None, -1, ""]
    holder[key] = chance.choice([other for other in others if type(other) is not type(value)])


def _another_word(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    if isinstance(value, str):
        holder[key] = f"{value}zz"


def _added(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    if isinstance(value, dict):
        value["surprise"] = 1


def _emptied(chance: random.Random, holder: Any, key: str | int, value: Any) -> None:
    if isinstance(value, list | dict):
        holder[key] = type(value)()


MUTATIONS: tuple[Mutation, ...] = (_misspelt, _gone, _of_another_type, _another_word, _added, _emptied)


def _places(value: Any) -> Iterator[tuple[Any, str | int, Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield value, key, entry
        yield from _places(entry)


@pytest.mark.parametrize("seed", range(40))
def test_mutated_recipes_are_judged_alike(seed: int) -> None:
    chance = random.Random(seed)
    for document in documents():
        if document.kind == "Connector":
            # What a credential completes, and which parts a URL stands for, is not the schema's to say.
            continue
        tree = copy.deepcopy(dict(document.tree))
        holder, key, value = chance.choice(list(_places(tree)))
        chance.choice(MUTATIONS)(chance, holder, key, value)
        text = json.dumps(tree)
        read = read_documents(text)[0]
        told = [problem for problem in validate([read]) if problem.severity == "error"]
        by_schema = read.kind in KINDS and ALL[read.kind].is_valid(read.tree)
        if by_schema:
            assert not [p for p in told if p.code in SCHEMA_LEVEL and not _beyond_schema(p.message)], text
        elif read.kind in KINDS:
            assert told, (text, [error.message for error in ALL[read.kind].iter_errors(read.tree)][:3])


def _beyond_schema(message: str) -> bool:
    """Settings that a connector of the type does not take: a schema does not know which connector it is. And defaults of another type than
    their parameter's, which stands beside them.
    """
    return "which a connector of type" in message or message.startswith("'default' of parameter")
