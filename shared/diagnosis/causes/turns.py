"""It does not fail, it waits: for a worker, a connection, another run, a retry; or it takes longer than usual. And what waited in vain."""

from __future__ import annotations

from collections.abc import Callable

from shared.diagnosis.case import Case
from shared.diagnosis.causes.reaching import breaker_evidence
from shared.diagnosis.findings import Confidence, Evidence, Fix, Said
from shared.diagnosis.repairs import setting, yaml_fix

# A run that takes so many times the middle of the good ones, and so many seconds more, is slow.
_SLOW_TIMES, _SLOW_S, _LEAST_RUNS = 2.0, 10.0, 3


def no_worker_with_label(case: Case) -> Said | None:
    detail = _waits(case, "worker")
    if detail is None or "label" not in detail:
        return None
    label = detail.rpartition("PENSTOCK_WORKER_LABELS=")[2].strip(" .") if "PENSTOCK_WORKER_LABELS=" in detail else ""
    return Said(
        f"A node asks for a worker with the label {label or 'it names'}, and no live worker carries it.",
        (
            f"Start a worker with PENSTOCK_WORKER_LABELS={label or 'LABEL'}, or start the one that had it again.",
            "Or take the label out of the recipe (worker: …), if any worker will do.",
        ),
        evidence=(Evidence(detail, f"run {case.run['id']}"),),
        fix=Fix("setting", f"PENSTOCK_WORKER_LABELS={label}", "to the environment of a worker, which is then started anew")
        if label
        else None,
    )


def no_worker(case: Case) -> Said | None:
    detail = _waits(case, "worker")
    if detail is None or "label" in detail:
        return None
    return Said(
        "No worker has taken the work yet: all are busy, or none is up.",
        ("See with `penstock doctor` which workers live.", "Start another: more workers, or more slots in one (PENSTOCK_WORKER_SLOTS)."),
        Confidence.LIKELY,
        (Evidence(detail, f"run {case.run['id']}"),),
    )


def _waiting(reason: str, sentence: str, *steps: str) -> Callable[[Case], Said | None]:
    def find(case: Case) -> Said | None:
        detail = _waits(case, reason)
        if detail is None:
            return None
        return Said(sentence, steps, evidence=(Evidence(detail, f"run {case.run['id']}"), *breaker_evidence(case)))

    return find


waits_for_connection = _waiting(
    "connector",
    "It waits for a connection: as many as the connector allows at once are open.",
    "Wait, it stands in line; or see which runs hold the connections.",
    "Raise maxConnections of the connector, if the system behind it bears more.",
)
waits_for_place = _waiting(
    "concurrency",
    "As many runs as may go at once are going already.",
    "Wait, the oldest in the queue starts first.",
    "Raise PIPELINE_MAX_CONCURRENT_EXECUTIONS, or add a scheduler, if machine and workers bear more.",
)
waits_for_pipeline = _waiting(
    "pipeline",
    "Another run of this pipeline has not ended yet.",
    "Wait for it, or cancel it: `penstock cancel RUN`.",
    "Set concurrencyPolicy: Allow if runs of this pipeline may go side by side.",
)
waits_for_cursor = _waiting(
    "cursor",
    "Another run of this pipeline reads what is new, and such runs go one after the other.",
    "Wait for it; each row is read by one of them.",
)
waits_for_sequence = _waiting(
    "sequence",
    "Another run of this pipeline numbers rows, and such runs go one after the other.",
    "Wait for it; no number is given twice.",
)
waits_for_others = _waiting(
    "dependency",
    "It waits for runs of other pipelines, as its dependencies say.",
    "See how far they are; one that failed has to be put right first.",
    "Set maxWaitMinutes on the dependency if it must not wait for ever.",
)
waits_for_breaker = _waiting(
    "breaker",
    "A connector that it needs has failed several times in a row, and is left alone for a while.",
    "Mend what the last error says.",
    "Then close the breaker: `penstock circuit-breakers reset NAME`; what waits goes on at once.",
)
waits_for_slot = _waiting(
    "parallelism",
    "As many stages of this run as may go at once are going already.",
    "Raise maxParallelNodes in the recipe, if workers are idle.",
)


def waits_for_retry(case: Case) -> Said | None:
    detail = _waits(case, "retry")
    if detail is None:
        return None
    return Said(
        "An attempt failed in a way that may pass, and it is tried again at the time shown.",
        ("Read what the last attempt said; mend it if it will not pass by itself.",),
        evidence=(Evidence(detail, f"run {case.run['id']}"),),
    )


def slow(case: Case) -> Said | None:
    elapsed = case.elapsed()
    took = sorted(float(one["duration_s"]) for one in case.earlier if one["status"] == "SUCCEEDED" and one.get("duration_s") is not None)
    if case.run["status"] != "RUNNING" or elapsed is None or len(took) < _LEAST_RUNS:
        return None
    usual, spent = took[len(took) // 2], elapsed.total_seconds()
    if spent < _SLOW_TIMES * usual or spent < usual + _SLOW_S:
        return None
    active = [node["node"] for node in case.nodes if node["status"] in ("RUNNING", "RETRYING")]
    return Said(
        f"The run takes longer than usual: {spent:,.0f} s so far, where good runs took {usual:,.0f} s"
        + (f"; {', '.join(active[:5])} is at work." if active else "."),
        (
            "Compare the rows of its nodes with those of an earlier run: more rows, or the same rows more slowly?",
            "See at the far side whether a query waits for a lock.",
        ),
        Confidence.LIKELY,
        (Evidence(f"good runs: {usual:,.1f} s in the middle, {took[-1]:,.1f} s at most, of {len(took)}", case.pipeline),),
    )


def dependency_failed(case: Case) -> Said | None:
    return Said(
        "A pipeline that this one needs has failed, so it was not run.",
        ("Put that one right first: diagnose its run.", "Then retry this run; it waits for the new one."),
    )


def dependency_late(case: Case) -> Said | None:
    return Said(
        "A pipeline that this one needs did not end within the time that the dependency allows.",
        ("See why it is late: diagnose its run.", "Raise maxWaitMinutes on the dependency if that is its usual time.", "Retry this run."),
    )


def skipped(case: Case) -> Said | None:
    return Said(
        "The run was skipped, because another one of the pipeline was still going (concurrencyPolicy: Forbid).",
        ("Nothing needs to be done if the next run takes its rows too.", "Else start it by hand, or backfill its date."),
        fix=yaml_fix(
            case.recipe,
            setting("/spec", "concurrencyPolicy", "Allow"),
            f"to the recipe of {case.pipeline}: runs go side by side; only where they do not write the same rows",
        ),
    )


def cursor_held(case: Case) -> Said | None:
    mine = case.failure is not None and case.failure.says(r"another run that has not ended") is not None
    other = next((one for one in case.earlier if one["status"] in ("RUNNING", "QUEUED")), None)
    return Said(
        "Another run reads what is new in this source, and has not ended."
        if mine
        else "How far the source was read is not this run's to say any more.",
        (
            "Start it again when the other run has ended." if mine else "See what the sinks have, then set the cursor: `penstock state`.",
            "`penstock state PIPELINE` shows who holds the cursor.",
        ),
        evidence=(Evidence(f"{other['status'].lower()}", f"run {other['id']}"),) if other is not None else (),
    )


def sequence_held(case: Case) -> Said | None:
    return Said(
        "Another run gives out the numbers of this sequence, or somebody set it.",
        ("Start it again when the other run has ended.", "`penstock state PIPELINE` shows who holds it."),
    )


def replay_conflict(case: Case) -> Said | None:
    return Said(
        "The rejected rows cannot be replayed as was asked: the recipe or the rows are not what they were.",
        (
            "Read in the evidence which; often the node is another one in this version.",
            "Replay through the version that rejected them, or run the pipeline again.",
        ),
    )


def cannot_run_again(case: Case) -> Said | None:
    return Said(
        "The run cannot be done again as was asked.",
        ("Read why in the evidence.", "Start a new run of the pipeline instead; with allowDuplicates rows are inserted a second time."),
    )


def nothing_delivered(case: Case) -> Said | None:
    return Said(
        "What the webhook was sent is not there any more.",
        ("Have it sent again; deliveries are kept for a limited time only.",),
    )


def bad_date(case: Case) -> Said | None:
    return Said(
        "The dates or the schedule that were given do not go together.",
        ("Correct what the evidence names.", "`penstock next PIPELINE` shows when it fires."),
    )


def _waits(case: Case, reason: str) -> str | None:
    """What is said of a wait for that reason; None where it waits for something else, or not at all."""
    if case.waiting is None or case.waiting.get("reason") != reason:
        return None
    return str(case.waiting.get("detail") or "")
