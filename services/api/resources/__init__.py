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
    retries,
    run_nodes,
    runs,
    state,
    versions,
)

BLUEPRINTS = tuple(
    noun.blueprint
    for noun in (
        health,
        documents,
        versions,
        pipelines,
        plans,
        state,
        connectors,
        looking,
        runs,
        retries,
        ledger,
        run_nodes,
        events,
        catalogue,
    )
)
