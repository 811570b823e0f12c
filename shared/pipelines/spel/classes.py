"""What T(…) may name: classes with static methods and constants that SQL has a form for, and classes that `instanceof` may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from shared.pipelines.spel import constants, dates, mathematics, parsing, types
from shared.pipelines.spel.errors import SpelError, nearest
from shared.pipelines.spel.method import Methods
from shared.pipelines.spel.tree import TypeName
from shared.pipelines.spel.types import NUMBERS, Kind
from shared.pipelines.spel.values import Value, number, refuse, refuse_word, text
from shared.pipelines.spel.wording import DAYS

STATIC: Mapping[str, Methods] = {
    "java.lang.Math": mathematics.METHODS,
    "java.lang.Integer": parsing.INTEGER,
    "java.lang.Long": parsing.LONG,
    "java.lang.Double": parsing.DOUBLE,
    "java.lang.Boolean": parsing.BOOLEAN,
    "java.lang.String": parsing.STRING,
    "java.time.LocalDate": dates.STATIC,
    "java.time.DayOfWeek": {},
    "java.time.temporal.ChronoUnit": {},
    "java.math.RoundingMode": {},
}
CONSTANTS: Mapping[str, Mapping[str, Value]] = {
    "java.lang.Math": mathematics.CONSTANTS,
    "java.lang.Integer": {"MAX_VALUE": constants.whole(2**31 - 1), "MIN_VALUE": constants.whole(-(2**31))},
    "java.lang.Long": {"MAX_VALUE": constants.whole(2**63 - 1, long=True), "MIN_VALUE": constants.whole(-(2**63), long=True)},
    "java.lang.Boolean": {"TRUE": constants.boolean(True), "FALSE": constants.boolean(False)},
    "java.time.LocalDate": {"EPOCH": constants.day(date(1970, 1, 1))},
    "java.time.DayOfWeek": {name: Value(number(at), types.DAY_OF_WEEK) for at, name in enumerate(DAYS, 1)},
    "java.time.temporal.ChronoUnit": {"DAYS": Value(text("DAYS"), types.UNIT)},
    "java.math.RoundingMode": {"HALF_UP": Value(text("HALF_UP"), types.ROUNDING)},
}
# Class -> what is one. A class that is not here is that of no column.
INSTANCES: Mapping[str, frozenset[Kind]] = {
    **{
        f"java.lang.{kind.value}": frozenset({kind}) for kind in (Kind.BOOLEAN, Kind.INTEGER, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.TEXT)
    },
    "java.math.BigDecimal": frozenset({Kind.DECIMAL}),
    "java.time.LocalDate": frozenset({Kind.DATE}),
    "java.time.LocalDateTime": frozenset({Kind.TIMESTAMP}),
    "java.time.Instant": frozenset({Kind.INSTANT}),
    "java.util.UUID": frozenset({Kind.UUID}),
    "java.util.List": frozenset({Kind.LIST}),
    "java.lang.Number": NUMBERS,
    "java.lang.CharSequence": frozenset({Kind.TEXT}),
    "java.lang.Comparable": NUMBERS | {Kind.BOOLEAN, Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT, Kind.UUID},
    "java.lang.Object": frozenset(Kind) - {Kind.NULL},
}


def full_name(name: str) -> str:
    """Spring looks for a name without a package in java.lang."""
    return name if "." in name else f"java.lang.{name}"


def refuse_unknown(node: TypeName) -> None:
    """Raises SpelError for a class that has nothing SQL has a form for."""
    if full_name(node.name) not in STATIC:
        raise unknown(node, f"T({node.name}) has no form in SQL", STATIC)


def unknown(node: TypeName, message: str, known: Iterable[str]) -> SpelError:
    """As `refuse_word`, by the name of the class without its package."""
    by_short = {one.rpartition(".")[2]: one for one in known}
    near = nearest(node.name.rpartition(".")[2], by_short)
    if near is None:
        return refuse(node, f"{message}; there is {', '.join(sorted(known))}")
    return SpelError(f"{message}; did you mean {by_short[near]}?", node.start, suggestion=by_short[near])


def constant(node: TypeName, name: str) -> Value:
    """Raises SpelError for one that is not there."""
    refuse_unknown(node)
    known = CONSTANTS.get(full_name(node.name), {})
    if name not in known:
        raise refuse_word(node, f"T({node.name}) has no constant {name} with a form in SQL", name, known)
    return known[name]
