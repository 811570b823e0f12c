"""From a case to its findings: every cause of the table is asked, and the surest answers are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.diagnosis.case import Case
from shared.diagnosis.findings import Confidence, Evidence, Finding
from shared.diagnosis.fingerprints import Known, recognised
from shared.diagnosis.table import CAUSES, Cause
from shared.runs.states import RUN_FINAL

_MOST = 4
_ORDER = tuple(Confidence)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`findings`: the surest first, at most four; empty for a run with nothing wrong. `known`: None where nothing failed."""

    findings: tuple[Finding, ...]
    known: Known | None

    @property
    def summary(self) -> str:
        return self.findings[0].sentence if self.findings else "nothing is wrong with this run"

    def to_json(self) -> dict[str, Any]:
        known = self.known
        return {
            "summary": self.summary,
            "findings": [one.to_json() for one in self.findings],
            "fingerprint": known.fingerprint if known is not None else None,
            "seen": {
                "times": known.times,
                "lookedAt": known.looked_at,
                "since": known.since,
                "last": known.last_at,
                "runs": list(known.runs),
                "lastWell": dict(known.well) if known.well is not None else None,
                "sentence": known.sentence,
            }
            if known is not None
            else None,
        }


def diagnose(case: Case) -> Diagnosis:
    found = [one for cause in CAUSES if (one := _asked(cause, case)) is not None]
    if any(one.confidence is not Confidence.POSSIBLE for one in found):
        # What an error usually means is of no use beside what this one means.
        found = [one for one in found if one.confidence is not Confidence.POSSIBLE]
    ranked = sorted(found, key=lambda one: _ORDER.index(one.confidence))[:_MOST]
    failed = case.failure
    return Diagnosis(tuple(ranked), recognised(failed.code, failed.message, case.earlier) if failed is not None else None)


def _asked(cause: Cause, case: Case) -> Finding | None:
    if cause.codes:
        if case.failure is None or case.failure.code not in cause.codes:
            return None
    elif case.run["status"] in RUN_FINAL:
        return None
    said = cause.find(case)
    if said is None:
        return None
    # What the failing side said stands first, whatever the cause makes of it.
    evidence = (*_error(case), *said.evidence) if cause.codes else said.evidence
    return Finding(cause.code, cause.title, said.sentence, said.confidence, evidence, said.steps, said.fix)


def _error(case: Case) -> tuple[Evidence, ...]:
    error = case.failure
    if error is None:
        return ()
    parts = [f"node {case.node}" if case.node else "", f"stage {error.stage}" if error.stage is not None else ""]
    where = ", ".join(part for part in parts if part) or f"run {case.run['id']}"
    tried = len(case.attempts)
    ended = f"; attempts made: {tried}" if tried > 1 else ""
    return (Evidence(f"{error.message} ({error.code}){ended}", where),)
