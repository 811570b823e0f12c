"""One blueprint per noun: parse, call, answer."""

from services.api.resources import (
    arrivals,
    backfills,
    bulk,
    catalogue,
    circuit_breakers,
    connectors,
    dead_letters,
    deliveries,
    doctor,
    documents,
    events,
    health,
    hooks,
    ledger,
    lineage,
    looking,
    notifications,
    pipelines,
    plans,
    quality,
    retries,
    run_diffs,
    run_nodes,
    runs,
    schedules,
    state,
    system,
    triggers,
    versions,
)

NOUNS = (
    system, bulk, run_diffs, lineage,
    health, documents, versions, pipelines, plans, state, connectors, circuit_breakers, looking, runs, retries, dead_letters, ledger,
    run_nodes, events, catalogue, doctor, triggers, schedules, backfills, hooks, deliveries, arrivals, notifications,
    quality,
)  # fmt: skip
BLUEPRINTS = tuple(noun.blueprint for noun in NOUNS)
