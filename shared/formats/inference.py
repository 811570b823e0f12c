"""Which type the texts of a column have, such that no text is lost: writing the typed value again gives the text back, or one
that means the same.

Leading zeros, plus signs, more digits than the type holds and mixed types make a column TEXT. `looks` narrows a sample down in
Python; `verdict` is the
same rule as a sqlglot tree, for an engine to check on more rows than fit here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime

from sqlglot import exp

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_TIMESTAMP = re.compile(_CLOCK)
_TIMESTAMPTZ = re.compile(_CLOCK + r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)")
# A double keeps 15 significant digits whatever they are.
_DIGITS_OF_A_DOUBLE = 15


def _is_number(text: str) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    digits = re.sub(r"[eE].*|[^0-9]", "", text).lstrip("0")
    return len(digits) <= _DIGITS_OF_A_DOUBLE and abs(float(text)) != float("inf")


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_stamp(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return bool(pattern.fullmatch(text)) and bool(datetime.fromisoformat(text))
        except ValueError:
            return False

    return check


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text)) and int(text[:2]) < 24 and int(text[3:5]) < 60 and int(text[6:8]) < 60


# In the order in which they are tried; an integer column may widen to a number, nothing else widens but to TEXT.
_RULES: dict[str, Callable[[str], bool]] = {
    "BOOLEAN": lambda text: text.lower() in ("true", "false"),
    "BIGINT": lambda text: bool(_INTEGER.fullmatch(text)) and -(2**63) <= int(text) < 2**63,
    "DOUBLE PRECISION": _is_number,
    "DATE": _is_date,
    "TIMESTAMP": _is_stamp(_TIMESTAMP),
    "TIMESTAMPTZ": _is_stamp(_TIMESTAMPTZ),
    "TIME": _is_time,
}
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "DATE": (_DATE, "DATE"),
    "TIMESTAMP": (_TIMESTAMP, "TIMESTAMP"),
    "TIMESTAMPTZ": (_TIMESTAMPTZ, "TIMESTAMPTZ"),
    "TIME": (_TIME, "TIME"),
}


def looks(texts: Iterable[str], *, decimal: str = ".", formatted: Callable[[str], str | None] | None = None) -> str | None:
    """The narrowest type that all texts have, TEXT when they have none in common, None when there are none.

    `formatted`: says DATE or TIMESTAMP for a text in the recipe's own format; used where the recipe gives one.
    """
    candidates = list(_RULES)
    seen = False
    named: set[str | None] = set()
    for text in texts:
        seen = True
        if formatted is not None:
            named.add(formatted(text))
        value = text.replace(",", ".", 1) if decimal == "," and "." not in text else text
        candidates = [name for name in candidates if _RULES[name](value)]
        if not candidates and (formatted is None or None in named):
            return "TEXT"
    if not seen:
        return None
    if named and None not in named and len(named) == 1:
        return named.pop()
    return candidates[0] if candidates else "TEXT"


def verdict(column: exp.Expr, type_: str, *, decimal: str = ".") -> exp.Expr:
    """True for a text (never NULL) that has the type without loss, in DuckDB's SQL."""

    def cast(to: str) -> exp.Expr:
        return exp.TryCast(this=value, to=exp.DataType.build(to, dialect="postgres"))

    value = exp.Anonymous(this="replace", expressions=[column, exp.convert(","), exp.convert(".")]) if decimal == "," else column
    if type_ == "BOOLEAN":
        return exp.In(this=exp.Lower(this=column), expressions=[exp.convert("true"), exp.convert("false")])
    if type_ == "BIGINT":
        return exp.func("coalesce", exp.EQ(this=exp.cast(cast("BIGINT"), "TEXT"), expression=value), exp.false())
    if type_ == "DOUBLE PRECISION":
        shaped = exp.Anonymous(this="regexp_full_match", expressions=[value, exp.convert(_NUMBER.pattern)])
        digits = exp.Anonymous(
            this="regexp_replace", expressions=[value, exp.convert(r"[eE].*|[^0-9]|^-?0*\.?0*"), exp.convert(""), exp.convert("g")]
        )
        short = exp.LTE(this=exp.Length(this=digits), expression=exp.convert(_DIGITS_OF_A_DOUBLE))
        # isfinite guards against exponents that no double holds.
        finite = exp.func("coalesce", exp.Anonymous(this="isfinite", expressions=[cast("DOUBLE PRECISION")]), exp.false())
        return exp.and_(shaped, short, finite)
    pattern, to = _SHAPES[type_]
    shaped = exp.Anonymous(this="regexp_full_match", expressions=[column, exp.convert(pattern.pattern)])
    return exp.and_(shaped, exp.not_(exp.Is(this=cast(to), expression=exp.null())))
