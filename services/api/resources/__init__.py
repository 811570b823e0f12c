"""One blueprint per noun: parse, call, answer."""

from services.api.resources import catalogue, connectors, documents, events, health, pipelines, runs

BLUEPRINTS = tuple(noun.blueprint for noun in (health, documents, pipelines, connectors, runs, events, catalogue))
