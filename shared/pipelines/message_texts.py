"""The texts of notifications: `{{name}}` for what is known of the run that is told of, and nothing else. Pure.

A text says what a person wrote; what is put into it came from runs, so each way of telling has its own escape for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from shared.pipelines.language.templates import TemplateProblem, templates

# What each name stands for; an empty text where it is not known, or of no meaning for what is told.
NAMES: Mapping[str, str] = {
    "pipeline_name": "the pipeline's name",
    "namespace": "its namespace",
    "pipeline": "namespace/name",
    "event": "what is told of: failure, success, recovery, quality, rejects, late, schemaChange, test",
    "summary": "that in a few words",
    "details": "what else there is to say, line by line",
    "run_id": "the run's id",
    "version": "the version that ran",
    "status": "SUCCEEDED, FAILED, TIMED_OUT …",
    "error_message": "what went wrong, in a sentence",
    "error_code": "the same as a word that stays",
    "stage": "the node that failed",
    "node": "the same",
    "count": "rows done: those written, or where that is not known those read",
    "rows_read": "rows that the sources read, rejected ones among them",
    "rows_written": "rows that the destinations took",
    "rows_rejected": "rows that did not get through",
    "duration": "how long the run took, as 1h 02m 03s",
    "started_at": "RFC 3339, UTC",
    "finished_at": "RFC 3339, UTC",
    "logical_date": "what the run is for; of what is late, the fire time",
    "deadline": "until when it should have succeeded",
    "trigger": "what started the run: manual, schedule …",
    "reasons": "why rows were rejected, the most frequent reasons first, each with its count",
    "rules": "quality rules that were broken",
    "changes": "columns that changed",
    "repeated": "how many like it were counted since the last message, and not sent",
    "link": "where to look at the run",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """`at`: its offset in the text."""

    message: str
    at: int
    suggestion: str | None = None


def mistakes(text: str) -> list[Mistake]:
    """What is wrong with a text."""
    try:
        found = templates(text)
    except TemplateProblem as problem:
        return [Mistake(problem.message, problem.offset)]
    return [_mistake(one.body, one.at) for one in found if one.body not in NAMES]


def _mistake(body: str, at: int) -> Mistake:
    near = get_close_matches(body.casefold()[:100], NAMES, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else f"there is {', '.join(NAMES)}"
    shown = body if len(body) <= 60 else f"{body[:57]}..."
    return Mistake(f"'{shown}' is nothing that a message can tell: {hint}", at, near[0] if near else None)


def filled(text: str, facts: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """The text with values in place of names. A text that today's rules refuse is taken as it is, but for the names that it has right."""
    try:
        found = templates(text)
    except TemplateProblem:
        return text
    parts, end = [], 0
    for one in found:
        value = escape(facts.get(one.body, "")) if one.body in NAMES else text[one.start : one.end]
        parts += [text[end : one.start], value]
        end = one.end
    return "".join([*parts, text[end:]])
