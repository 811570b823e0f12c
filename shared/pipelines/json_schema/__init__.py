"""The language as JSON Schema (draft 2020-12), for editors, forms and other programs; generated from the marshmallow schemas."""

from shared.pipelines.json_schema.documents import connector_schema, kind_schema, node_schema, recipe_schema
from shared.pipelines.json_schema.fields import DIALECT, settings_schema

__all__ = ["DIALECT", "connector_schema", "kind_schema", "node_schema", "recipe_schema", "settings_schema"]
