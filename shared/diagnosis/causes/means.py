"""Memory, disk, time, locks and workers ran out."""

from __future__ import annotations

import re
from typing import Any

from shared.diagnosis.case import Case
from shared.diagnosis.causes.reaching import far_side
from shared.diagnosis.findings import Confidence, Evidence, Fix, Said
from shared.diagnosis.repairs import setting, several, yaml_fix

_MB = 10**6


def memory_limit(case: Case) -> Said | None:
    peak = (case.stage or {}).get("peak_memory_bytes")
    nodes = ", ".join((case.stage or {}).get("nodes") or ()) or "the stage"
    return Said(
        f"What {nodes} had to hold at once did not fit into the memory of its worker.",
        (
            "Read fewer columns or rows at once: columns and where on the source, incremental reading, a filter before the join.",
            "Give the workers more: PENSTOCK_WORKER_MEMORY, or have one with more run it (worker: a label).",
            "Look for a join that makes many rows of each: the ledger's fanOut (`penstock ledger RUN`).",
        ),
        evidence=(Evidence(f"peak memory {peak / _MB:,.0f} MB", f"stage {case.failure.stage}"),) if peak and case.failure else (),
        fix=_more_memory(case, peak),
    )


def _more_memory(case: Case, peak: int | None) -> Fix | None:
    """Of a node or pipeline that asks for less than it needs; else the workers' own setting."""
    node = case.node
    place = case.recipe.node(node) if case.recipe is not None else None
    if place is not None and isinstance(place[1].get("resources"), dict) and "memory" in place[1]["resources"]:
        wanted = _doubled(str(place[1]["resources"]["memory"]))
        if wanted:
            return yaml_fix(case.recipe, setting(f"{place[0]}/resources", "memory", wanted), f"to node {node}: it may use {wanted}")
    size = max(2, -(-2 * (peak or 10**9) // 10**9))
    return Fix("setting", f"PENSTOCK_WORKER_MEMORY={size}GB", "to the environment of the workers, which are then started anew")


def _doubled(size: str) -> str | None:
    found = re.fullmatch(r"([0-9]+)(?:\.[0-9]+)? ?([kMGT]i?)?B?", size)
    return f"{2 * int(found[1])}{found[2] or ''}B" if found else None


def memory_asked_for(case: Case) -> Said | None:
    if case.failure is None or not case.failure.says(r"asks for .* of memory, and a slot"):
        return None
    return Said(
        "The recipe asks for more memory than a slot of the worker has.",
        (
            "Raise PENSTOCK_WORKER_MEMORY of the workers, or ask for less (resources.memory).",
            "Or give a larger worker a label, and name it in the node (worker: large).",
        ),
    )


def scratch_full(case: Case) -> Said | None:
    return Said(
        "What the engine had to put aside while it sorted or joined did not fit on the scratch disk.",
        (
            "Give PENSTOCK_SCRATCH a larger disk, or raise PENSTOCK_SCRATCH_LIMIT.",
            "Or give it less to put aside: fewer columns, a filter before the join or the sort.",
        ),
        fix=Fix("setting", "PENSTOCK_SCRATCH=/path/on/a/larger/disk", "to the environment of the workers, which are then started anew"),
    )


def disk_full(case: Case) -> Said | None:
    if case.failure is not None and case.failure.code != "disk_full" and not case.failure.says(r"no space left", r"disk (?:is )?full"):
        return None
    return Said(
        "A disk is full.",
        (
            "Make room there; staged rows that nobody needs go by themselves after PENSTOCK_STAGING_RETENTION_SECONDS.",
            "Or give PENSTOCK_SCRATCH and PENSTOCK_STAGING_URL a larger one, then retry the run.",
        ),
    )


def node_timeout(case: Case) -> Said | None:
    error = case.failure
    if error is not None and error.code != "timeout" and not error.says(r"longer than the node's timeout"):
        return None
    node = case.node
    if node is None:
        timed = [
            one for one in (case.stage or {}).get("nodes", ()) if (case.recipe and (case.recipe.node(one) or ("", {}))[1].get("timeout"))
        ]
        node = timed[0] if timed else None
    place = case.recipe.node(node) if case.recipe is not None else None
    fix = None
    if place is not None and isinstance(place[1].get("timeout"), int | float):
        wanted = _longer(case, float(place[1]["timeout"]))
        fix = yaml_fix(case.recipe, setting(place[0], "timeout", wanted), f"to node {node}: it may take {wanted} s, all attempts together")
    return Said(
        f"{f'Node {node}' if node else 'A node'} took longer than its timeout, all its attempts and the waits between them together.",
        (
            "See what took so long: attempts that failed, or the work itself (`penstock status RUN`).",
            "Raise timeout on the node if the work simply grew.",
        ),
        evidence=_usual(case),
        fix=fix,
    )


def run_timeout(case: Case) -> Said | None:
    spec = case.recipe.document.tree.get("spec") if case.recipe is not None else None
    limit = spec.get("timeout", 3600) if isinstance(spec, dict) else 3600
    fix = None
    if isinstance(limit, int | float):
        wanted = _longer(case, float(limit))
        fix = yaml_fix(case.recipe, setting("/spec", "timeout", wanted), f"to the recipe of {case.pipeline}: a run may take {wanted} s")
    slow = max(case.stages, key=lambda one: one.get("duration_ms") or 0, default=None)
    longest = (
        (Evidence(f"took {slow['duration_ms'] / 1000:,.1f} s, the longest of all", f"stage {slow['stage']} ({', '.join(slow['nodes'])})"),)
        if slow is not None and slow.get("duration_ms")
        else ()
    )
    return Said(
        f"The run took longer than its timeout of {limit} s, and was stopped.",
        ("See which stage took the time, and why; wait times count too.", "Raise spec.timeout if the work simply grew."),
        evidence=(*longest, *_usual(case)),
        fix=fix,
    )


def _longer(case: Case, limit: float) -> int:
    """Twice the limit, or what the longest good run took and as much again."""
    longest = max((float(one["duration_s"]) for one in case.earlier if one["status"] == "SUCCEEDED" and one.get("duration_s")), default=0.0)
    return int(max(2 * limit, 2 * longest))


def _usual(case: Case) -> tuple[Evidence, ...]:
    took = sorted(float(one["duration_s"]) for one in case.earlier if one["status"] == "SUCCEEDED" and one.get("duration_s") is not None)
    return (
        (Evidence(f"good runs took {took[len(took) // 2]:,.1f} s in the middle, {took[-1]:,.1f} s at most", case.pipeline),) if took else ()
    )


def deadlock(case: Case) -> Said | None:
    return Said(
        f"Two transactions at {far_side(case)} waited for each other, and it ended ours; nothing was written.",
        (
            "Retry the run; by itself it is tried again as retryOn says (deadlock).",
            "If it comes again, see who else writes to that table at this hour, and let one wait for the other.",
        ),
        fix=_retried(case, "deadlock"),
    )


def serialization(case: Case) -> Said | None:
    return Said(
        f"Somebody else changed the same rows at {far_side(case)} at the same moment; nothing was written.",
        ("Retry the run; by itself it is tried again as retryOn says (serialization).", "If it comes again, do not let both run at once."),
        fix=_retried(case, "serialization"),
    )


def _retried(case: Case, word: str) -> Fix | None:
    """Where the recipe's own retryOn leaves this error out, or it asks for no retries."""
    spec: Any = case.recipe.document.tree.get("spec") if case.recipe is not None else None
    if not isinstance(spec, dict):
        return None
    edits = []
    if spec.get("retries", 3) == 0:
        edits.append(setting("/spec", "retries", 3))
    if "retryOn" in spec and word not in spec["retryOn"]:
        return None
    return yaml_fix(case.recipe, several(*edits), f"to the recipe of {case.pipeline}: it is tried again three times") if edits else None


def locked(case: Case) -> Said | None:
    return Said(
        f"What was wanted at {far_side(case)} is locked by somebody else, or took longer than the server lets a statement take.",
        (
            "See who holds the lock (PostgreSQL: pg_stat_activity, pg_locks), and whether it can end.",
            "If the statement itself is slow, have the server's statement_timeout raised for this user, or ask for less.",
        ),
        Confidence.LIKELY,
    )


def workers_lost(case: Case) -> Said | None:
    stage = case.stage or {}
    nodes = ", ".join(stage.get("nodes") or ()) or "this stage"
    peak = stage.get("peak_memory_bytes")
    killed = any("SIGKILL" in str((one.get("error") or {}).get("message")) for one in case.attempts)
    return Said(
        f"Five workers in a row were lost while they computed {nodes}: something in it ends them"
        + (", most likely the machine's own memory guard." if killed else "."),
        (
            "Look into the log of the worker of the last attempt, and into the machine's (dmesg: out of memory).",
            "Lower PENSTOCK_WORKER_MEMORY or the worker's slots, so that the sum fits into the machine.",
            "If the stage runs a Python function, try it alone with a few rows.",
        ),
        Confidence.LIKELY,
        tuple(
            Evidence(str((one.get("error") or {}).get("message") or one.get("outcome")), f"attempt {one['epoch']} on {one['worker']}")
            for one in list(case.attempts)[-3:]
        )
        + ((Evidence(f"peak memory {peak / _MB:,.0f} MB", f"stage {stage.get('stage')}"),) if peak else ()),
    )


def process_died(case: Case) -> Said | None:
    return Said(
        "The process that did the work ended, or none could be started.",
        ("Look into the worker's log.", "Retry the run; it is released to another worker."),
        Confidence.LIKELY,
    )


def stopped(case: Case) -> Said | None:
    return Said(
        "The work was stopped on request, before it was done.",
        ("See who asked for that: the run's events.", "Retry the run if it should go on."),
        Confidence.LIKELY,
    )


def cancelled(case: Case) -> Said | None:
    return Said(
        "Somebody cancelled the run; nothing is wrong with it.",
        ("Retry it if it should go on: `penstock retry RUN`.",),
    )


def replaced(case: Case) -> Said | None:
    return Said(
        "A newer run of the pipeline took its place (concurrencyPolicy: Replace).",
        ("Look at the newer run.", "Set concurrencyPolicy: Forbid if both are to be done, one after the other."),
        fix=yaml_fix(
            case.recipe,
            setting("/spec", "concurrencyPolicy", "Forbid"),
            f"to the recipe of {case.pipeline}: a newer run waits until the older has ended",
        ),
    )
