"""It is Penstock's own doing, or an error that nobody has a word for yet."""

from __future__ import annotations

from shared.diagnosis.case import Case
from shared.diagnosis.findings import Confidence, Said


def bug(case: Case) -> Said | None:
    return Said(
        "This is a bug in Penstock, not a mistake of yours.",
        (
            "Report it with the run's id and its plan; the trace is in the worker's log.",
            "Retry the run once: where it was an accident, it passes.",
        ),
        Confidence.LIKELY,
    )


def rows_unbalanced(case: Case) -> Said | None:
    return Said(
        "The books of a node do not balance: rows are missing, or there are too many. Nothing was published.",
        (
            "Look at the ledger: `penstock ledger RUN`.",
            "Report it with the plan. If the staging storage lost files, mend that, and start the pipeline again.",
        ),
    )


def other_release(case: Case) -> Said | None:
    return Said(
        "A message or a plan is of another release of Penstock than the service that read it.",
        ("Bring all services to one release.",),
    )


def unknown(case: Case) -> Said | None:
    return Said(
        "The run failed in a way that is not known here.",
        ("Read the error in the evidence, and the log: `penstock logs RUN`.", "Retry the run once."),
        Confidence.POSSIBLE,
    )
