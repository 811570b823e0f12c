"""One blueprint per noun: parse, call, answer."""

from services.api.resources import (
    catalogue,
    connectors,
    doctor,
    documents,
    events,
    health,
    ledger,
    looking,
    pipelines,
    plans,
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
        ledger,
        run_nodes,
        events,
        catalogue,
        doctor,
    )
)
