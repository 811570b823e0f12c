"""One blueprint per noun: parse, call, answer."""

from services.api.resources import (
    catalogue,
    connectors,
    documents,
    events,
    health,
    ledger,
    looking,
    pipelines,
    plans,
    run_nodes,
    runs,
    versions,
)

BLUEPRINTS = tuple(
    noun.blueprint
    for noun in (health, documents, versions, pipelines, plans, connectors, looking, runs, ledger, run_nodes, events, catalogue)
)
