"""How a message reads: the subject, and the text by the way it goes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.pipelines.message_texts import filled

_SIGNS = {
    "failure": "❌", "late": "⏰", "quality": "⚠️", "rejects": "⚠️", "schemaChange": "⚠️", "recovery": "✅", "success": "✅", "test": "🔔",
}  # fmt: skip
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str


def message(type_: str, facts: Mapping[str, str], text: str | None, repeated: int = 0) -> Message:
    """`text`: the recipe's own template. `repeated`: like it, counted since the last message that was sent."""
    said = {**facts, "repeated": str(repeated)}
    escape = _ESCAPES.get(type_, str)
    subject = f"{said['pipeline']} {said.get('summary', '')}".strip()
    body = filled(text, said, escape) if text else _usual(said, escape)
    if repeated:
        body += f"\n({repeated} more like it were counted since the last message, and not sent)"
    # A line break would begin another header of a mail.
    return Message(" ".join(subject.split())[:_LONGEST_SUBJECT], body)


def _usual(facts: Mapping[str, str], escape: Callable[[str], str]) -> str:
    lines = [f"{_SIGNS.get(facts.get('event', ''), '')} {escape(facts['pipeline'])} {escape(facts.get('summary', ''))}".strip()]
    for label, value in (
        ("Error", facts.get("error_message")),
        ("Failed at", facts.get("node")),
        (None, facts.get("details")),
        ("Rows done", facts.get("count") if facts.get("event") != "rejects" else facts.get("rows_written")),
        ("Rejected", facts.get("rows_rejected") if facts.get("rows_rejected") not in ("", "0", None) else None),
        ("Took", facts.get("duration")),
        ("For", facts.get("logical_date") if facts.get("trigger") != "manual" else None),
        ("Deadline", facts.get("deadline")),
        ("Run", facts.get("run_id")),
        (None, facts.get("link")),
    ):
        if value:
            lines.append(f"{label}: {escape(value)}" if label else escape(value))
    return "\n".join(lines)


def _for_slack(value: str) -> str:
    """Slack's three signs, so that what a run said mentions nobody and links nowhere."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_ESCAPES: Mapping[str, Callable[[str], str]] = {"slack": _for_slack}
