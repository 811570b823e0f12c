"""Cursors of lists: where a page ended, as a text that only this API reads."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any
from uuid import UUID

from services.api.problems import Refused, brief
from shared.store.dead_letter_views import Place
from shared.store.quality import Subject
from shared.store.text import unfit

# Of a stage, and of a line in a file: PostgreSQL takes them.
_STAGE, _POSITION = re.compile(r"[0-9]{1,9}"), re.compile(r"[0-9]{1,18}")


def cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def named(query: dict[str, Any]) -> tuple[str, str]:
    """Namespace and name that the page before ended with; blank for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return "", ""
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 2 or any(unfit(part) for part in parts):
        raise _refused(query["cursor"])
    return parts[0], parts[1]


def subject(query: dict[str, Any]) -> Subject | None:
    """The subject of checks that the page before ended with; None for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return None
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 4 or any(unfit(part) for part in parts):
        raise _refused(query["cursor"])
    return Subject(*parts)


def text(query: dict[str, Any]) -> str:
    """The text that the page before ended with; blank for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return ""
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 1 or unfit(parts[0]):
        raise _refused(query["cursor"])
    return parts[0]


def identified(query: dict[str, Any]) -> str | None:
    """The id that the page before ended with; None for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return None
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 1:
        raise _refused(query["cursor"])
    try:
        return str(UUID(parts[0]))
    except ValueError as error:
        raise _refused(query["cursor"]) from error


def placed(query: dict[str, Any]) -> Place | None:
    """The place among dead letters that the page before ended at; None for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return None
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 5 or unfit(parts[2]):
        raise _refused(query["cursor"])
    if not (_STAGE.fullmatch(parts[1]) and _POSITION.fullmatch(parts[3])):
        raise _refused(query["cursor"])
    try:
        return str(UUID(parts[0])), int(parts[1]), parts[2], int(parts[3]), str(UUID(parts[4]))
    except ValueError as error:
        raise _refused(query["cursor"]) from error


def timed(query: dict[str, Any]) -> tuple[datetime, str] | None:
    """Time and key that the page before ended with; None for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return None
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 2 or unfit(parts[1]):
        raise _refused(query["cursor"])
    return _time(parts[0], query["cursor"]), parts[1]


def dated(query: dict[str, Any]) -> datetime | None:
    """The time that the page before ended with, where no two rows have the same; None for the first page. Raises Refused(422)."""
    if "cursor" not in query:
        return None
    parts = _parts(query["cursor"])
    if parts is None or len(parts) != 1:
        raise _refused(query["cursor"])
    return _time(parts[0], query["cursor"])


def _time(text: str, sent: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refused(sent) from error
    if at.tzinfo is None or not MINYEAR < at.year < MAXYEAR:
        raise _refused(sent)
    return at


def following(rows: Sequence[dict[str, Any]], limit: int, *keys: str) -> str | None:
    """The cursor behind the first `limit` of rows; None where there are no more."""
    return cursor(*(rows[limit - 1][key] for key in keys)) if len(rows) > limit else None


def _parts(text: str) -> list[str] | None:
    try:
        parts = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, RecursionError):
        return None
    return parts if isinstance(parts, list) and all(isinstance(part, str) for part in parts) else None


def _refused(text: str) -> Refused:
    return Refused(422, f"cursor is {brief(text)!r}; it must be the nextCursor of an earlier page")
