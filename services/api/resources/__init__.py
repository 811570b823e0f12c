"""One blueprint per noun: parse, call, answer."""

from services.api.resources import (
    catalogue,
    circuit_breakers,
    connectors,
    dead_letters,
    doctor,
    documents,
    events,
    health,
    ledger,
    looking,
    notifications,
    pipelines,
    plans,
    retries,
    run_nodes,
    runs,
    state,
    versions,
)

NOUNS = (
    health, documents, versions, pipelines, plans, state, connectors, circuit_breakers, looking, runs, retries, dead_letters, ledger,
    run_nodes, events, notifications, catalogue, doctor,
)  # fmt: skip
BLUEPRINTS = tuple(noun.blueprint for noun in NOUNS)
