"""One blueprint per noun: parse, call, answer."""

from services.api.resources import (
    arrivals,
    audit,
    backfills,
    catalogue,
    circuit_breakers,
    connectors,
    dead_letters,
    deliveries,
    doctor,
    documents,
    events,
    graph,
    health,
    hooks,
    ledger,
    looking,
    notifications,
    pipelines,
    plans,
    quality,
    retries,
    run_nodes,
    runs,
    schedules,
    sessions,
    state,
    tokens,
    triggers,
    versions,
)

NOUNS = (
    health, documents, versions, pipelines, plans, state, connectors, circuit_breakers, looking, runs, retries, dead_letters, ledger,
    run_nodes, graph, events, catalogue, doctor, triggers, schedules, backfills, hooks, deliveries, arrivals, notifications,
    quality, sessions, tokens, audit,
)  # fmt: skip
BLUEPRINTS = tuple(noun.blueprint for noun in NOUNS)
