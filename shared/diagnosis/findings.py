"""What a diagnosis says: a cause, how sure it is, what it rests on, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Confidence(StrEnum):
    """CERTAIN: the failing side said so itself. LIKELY: the evidence points there. POSSIBLE: it is what this error usually means."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`where` names the place a person can look at: a node, a stage, a dataset, a line of the recipe."""

    what: str
    where: str

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "where": self.where}


@dataclass(frozen=True, slots=True)
class Fix:
    """`text`: the whole corrected recipe (yaml), a statement for the database (sql), or a setting with its value. `applies`: in a sentence,
    to what, and what it changes. `lines`: of a recipe, those that differ, from 1. Never applied by itself.
    """

    kind: Literal["yaml", "sql", "setting"]
    text: str
    applies: str
    lines: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text, "applies": self.applies, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class Said:
    """What the function of one cause answers; the table adds its code and title."""

    sentence: str
    steps: tuple[str, ...]
    confidence: Confidence = Confidence.CERTAIN
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    cause: str
    title: str
    sentence: str
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]
    fix: Fix | None

    def to_json(self) -> dict[str, Any]:
        return {
            "cause": self.cause,
            "title": self.title,
            "sentence": self.sentence,
            "confidence": self.confidence.value,
            "evidence": [one.to_json() for one in self.evidence],
            "steps": list(self.steps),
            "fix": self.fix.to_json() if self.fix is not None else None,
        }
