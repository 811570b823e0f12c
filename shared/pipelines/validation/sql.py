"""SQL and SpEL inside a recipe: does it parse, and where in the file it does not."""

from __future__ import annotations

from shared.pipelines import spel
from shared.pipelines.model import Document
from shared.pipelines.nodes.languages import SPEL, SQL
from shared.pipelines.sql_fields import Expression, Query
from shared.pipelines.validation.report import Owner, Report
from shared.sql.errors import SqlProblem
from shared.sql.parse import read_expression
from shared.sql.query import read_query


def check(
    report: Report,
    text: str,
    path: str,
    label: str,
    owner: Owner,
    made: Expression | Query,
    *,
    written: str | None = None,
    language: str = SQL,
) -> None:
    """`written`: the text as it stands in the document, where `text` is another of the same length."""
    try:
        if isinstance(made, Query):
            read_query(text)
        elif language == SPEL:
            spel.read(text)
        else:
            read_expression(text, aggregates=made.aggregates)
    except SqlProblem as problem:
        at = position(report.document, path, written or text, problem.position or 0)
        message = problem.message.replace(repr(text), repr(written)) if written else problem.message
        near = problem.suggestion if isinstance(problem, spel.SpelError) else None
        report.add(f"invalid_{language}", f"'{label}' of {owner.phrase}: {message}", path, node=owner.node, suggestion=near, at=at)


def position(document: Document, path: str, text: str, offset: int) -> tuple[int, int] | None:
    """Line and column of an offset into the text of a scalar; None where the way it is written does not tell (folded lines, escapes)."""
    place = document.places.values.get(path)
    if place is None:
        return None
    written = document.text[place.start : place.end]
    style = written[:1]
    if style == "|":
        return _in_block(written, place.line, text, offset)
    if "\n" in written:
        return None
    if style == "'":
        return place.line, place.column + 1 + offset + text.count("'", 0, offset)
    if style == '"':
        return (place.line, place.column + 1 + offset) if "\\" not in written else None
    return place.line, place.column + offset


def _in_block(written: str, line: int, text: str, offset: int) -> tuple[int, int] | None:
    header, *lines = written.split("\n")
    # An indentation that is said in the header (|2) is counted from the parent, which is not known here.
    if any(sign.isdigit() for sign in header):
        return None
    first = next((one for one in lines if one.strip()), "")
    indent = len(first) - len(first.lstrip(" "))
    return line + 1 + text.count("\n", 0, offset), indent + offset - text.rfind("\n", 0, offset)
