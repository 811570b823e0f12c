"""Methods of LocalDate, LocalDateTime, Instant and DayOfWeek, and LocalDate's static ones.

A date moved by more than 5000 years goes to the error port: engines end where Java does not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlglot import exp

from shared.pipelines.spel import constants, types
from shared.pipelines.spel.method import DATES, INSTANTS, MOMENTS, TEXTS, WHOLES, Invocation, Method, Methods
from shared.pipelines.spel.numbers import to_text
from shared.pipelines.spel.types import Kind, Type
from shared.pipelines.spel.values import Value, all_of, any_of, call, cast, choose, number, refuse, text

# A unit of an interval, and how many of it are 5000 years.
_UNITS = {
    "Days": ("DAY", 1_826_250, 1),
    "Weeks": ("DAY", 260_000, 7),
    "Months": ("MONTH", 60_000, 1),
    "Years": ("YEAR", 5_000, 1),
    "Hours": ("HOUR", 43_830_000, 1),
    "Minutes": ("MINUTE", 2_000_000_000, 1),
    "Seconds": ("SECOND", 100_000_000_000, 1),
}
_EPOCH = date(1970, 1, 1)


def part(tree: exp.Expr, unit: str) -> exp.Expr:
    """A part of a date or a time, a whole number."""
    # One engine gives fractions of a second, the other none.
    return cast(call("FLOOR", exp.Extract(this=exp.var(unit), expression=tree)), "BIGINT")


def _part(unit: str, kind: Type = types.INTEGER) -> tuple[Method, ...]:
    return (Method(lambda one: Value(part(one.target.sql, unit), kind)),)


def moved(tree: exp.Expr, unit: str, count: exp.Expr) -> exp.Expr:
    interval = exp.Interval(this=text("1"), unit=exp.var(unit))
    return exp.Add(this=tree, expression=exp.Mul(this=interval, expression=count))


def _moving(name: str, direction: int) -> tuple[Method, ...]:
    unit, most, size = _UNITS[name]

    def build(one: Invocation) -> Value:
        count = one.arguments[0]
        kind = one.target.type
        if isinstance(count.constant, int) and abs(count.constant) <= most:
            return Value(cast(moved(one.target.sql, unit, number(direction * size * count.constant)), kind.sql), kind)

        def within() -> exp.Expr:
            return exp.Between(this=count.sql, low=number(-most), high=number(most))

        steps = choose((within(), exp.Mul(this=count.sql, expression=number(direction * size))))
        tree = cast(moved(one.target.sql, unit, steps), kind.sql)
        sentence = f"{one.scope.source(one.node)} moves by more than 5000 years"
        return Value(tree, kind, error=one.scope.wrong(exp.Not(this=exp.Paren(this=within())), sentence))

    return (Method(build, (WHOLES,)),)


def _first_of_month(tree: exp.Expr) -> exp.Expr:
    return exp.TimestampTrunc(this=cast(tree, "TIMESTAMP"), unit=exp.var("MONTH"))


def _with_day(one: Invocation) -> Value:
    """Raises for a day that the month does not have."""
    day = one.arguments[0]
    if isinstance(day.constant, int) and 1 <= day.constant <= 28:
        return Value(cast(moved(_first_of_month(one.target.sql), "DAY", number(day.constant - 1)), "DATE"), types.DATE)
    steps = choose((exp.Between(this=day.sql, low=number(1), high=number(31)), exp.Sub(this=day.sql, expression=number(1))))
    tree = cast(moved(_first_of_month(one.target.sql), "DAY", steps), "DATE")
    # The 31st of a month with 30 days has become the first of the next.
    same_month = exp.EQ(this=part(tree.copy(), "MONTH"), expression=part(one.target.sql, "MONTH"))
    wrong = exp.Not(this=exp.Coalesce(this=same_month, expressions=[exp.false()]))
    return Value(tree, types.DATE, error=one.scope.wrong(wrong, f"{one.scope.source(one.node)}: the month has no such day"))


def _month_length(tree: exp.Expr) -> exp.Expr:
    return part(moved(moved(_first_of_month(tree), "MONTH", number(1)), "DAY", number(-1)), "DAY")


def _leap(one: Invocation) -> Value:
    def left_over(divisor: int) -> exp.Expr:
        return exp.EQ(this=exp.Mod(this=part(one.target.sql, "YEAR"), expression=number(divisor)), expression=number(0))

    century = any_of([exp.Not(this=exp.Paren(this=left_over(100))), left_over(400)])
    return Value(all_of([left_over(4), exp.Paren(this=century)]), types.BOOLEAN)


def _days_between(start: exp.Expr, end: exp.Expr) -> Value:
    return Value(cast(exp.Paren(this=exp.Sub(this=end, expression=start)), "BIGINT"), types.LONG)


def _compared(tree: type[exp.Binary]) -> Callable[[Invocation], Value]:
    return lambda one: Value(tree(this=one.target.sql, expression=one.arguments[0].sql), types.BOOLEAN)


def _cast(kind: Type) -> tuple[Method, ...]:
    return (Method(lambda one: Value(cast(one.target.sql, kind.sql), kind)),)


def _of(one: Invocation) -> Value:
    """LocalDate.of(year, month, day)."""
    said = tuple(value.constant for value in one.arguments)
    if all(isinstance(value, int) for value in said):
        try:
            return constants.day(date(*said))
        except (ValueError, OverflowError) as error:
            raise refuse(one.node, f"{one.scope.source(one.node)} is no date: {error}") from error
    return made_of(one, *(value.sql for value in one.arguments))


def made_of(one: Invocation, year: exp.Expr, month: exp.Expr, day: exp.Expr) -> Value:
    def inside() -> exp.Expr:
        return all_of(
            [
                exp.Between(this=year.copy(), low=number(1), high=number(9999)),
                exp.Between(this=month.copy(), low=number(1), high=number(12)),
                exp.Between(this=day.copy(), low=number(1), high=number(31)),
            ]
        )

    def counted(tree: exp.Expr, start: int) -> exp.Expr:
        return exp.Paren(this=exp.Sub(this=tree.copy(), expression=number(start)))

    def built() -> exp.Expr:
        start = constants.day(date(2000, 1, 1)).tree
        months = moved(moved(start, "YEAR", counted(year, 2000)), "MONTH", counted(month, 1))
        return choose((inside(), cast(moved(months, "DAY", counted(day, 1)), "DATE")))

    # The 31st of a month with 30 days has become the first of the next.
    same_month = exp.EQ(this=part(built(), "MONTH"), expression=month.copy())
    valid = exp.Coalesce(this=same_month, expressions=[exp.false()])
    return Value(built(), types.DATE, error=one.scope.wrong(exp.Not(this=valid), f"{one.scope.source(one.node)} is no date"))


def _parse(one: Invocation) -> Value:
    """LocalDate.parse of ISO 8601: four digits, two and two."""
    written = one.arguments[0]
    if isinstance(written.constant, str):
        try:
            if len(written.constant) == 10:
                return constants.day(date.fromisoformat(written.constant))
        except ValueError:
            pass
        raise refuse(one.places[0], f"{written.constant[:40]!r} is no date; write it as 2024-02-29")
    shaped = exp.RegexpLike(this=written.sql, expression=text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))

    def digits(start: int, length: int) -> exp.Expr:
        found = exp.Substring(this=written.sql, start=number(start), length=number(length))
        return cast(choose((shaped.copy(), found)), "BIGINT")

    return made_of(one, digits(1, 4), digits(6, 2), digits(9, 2))


def _epoch_day(one: Invocation) -> Value:
    most = _UNITS["Days"][1]
    count = one.arguments[0]

    def within() -> exp.Expr:
        return exp.Between(this=count.sql, low=number(-most), high=number(most))

    tree = cast(moved(constants.day(_EPOCH).tree, "DAY", choose((within(), count.sql))), "DATE")
    failed = one.scope.wrong(exp.Not(this=exp.Paren(this=within())), f"{one.scope.source(one.node)} is more than 5000 years away")
    return Value(tree, types.DATE, error=None if isinstance(count.constant, int) and abs(count.constant) <= most else failed)


_SHARED: Methods = {
    "getYear": _part("YEAR"),
    "getMonthValue": _part("MONTH"),
    "getDayOfMonth": _part("DAY"),
    "getDayOfYear": _part("DOY"),
    "getDayOfWeek": _part("ISODOW", types.DAY_OF_WEEK),
    "toString": (Method(to_text),),
    **{f"plus{name}": _moving(name, 1) for name in ("Days", "Weeks", "Months", "Years")},
    **{f"minus{name}": _moving(name, -1) for name in ("Days", "Weeks", "Months", "Years")},
}
_DATE: Methods = {
    **_SHARED,
    "withDayOfMonth": (Method(_with_day, (WHOLES,)),),
    "lengthOfMonth": (Method(lambda one: Value(_month_length(one.target.sql), types.INTEGER)),),
    "isLeapYear": (Method(_leap),),
    "toEpochDay": (Method(lambda one: _days_between(constants.day(_EPOCH).tree, one.target.sql)),),
    "isBefore": (Method(_compared(exp.LT), (DATES,)),),
    "isAfter": (Method(_compared(exp.GT), (DATES,)),),
    "isEqual": (Method(_compared(exp.EQ), (DATES,)),),
    "atStartOfDay": _cast(types.TIMESTAMP),
}
_MOMENT: Methods = {
    **_SHARED,
    "getHour": _part("HOUR"),
    "getMinute": _part("MINUTE"),
    "getSecond": _part("SECOND"),
    "toLocalDate": _cast(types.DATE),
    "isBefore": (Method(_compared(exp.LT), (MOMENTS,)),),
    "isAfter": (Method(_compared(exp.GT), (MOMENTS,)),),
    "isEqual": (Method(_compared(exp.EQ), (MOMENTS,)),),
    **{f"plus{name}": _moving(name, 1) for name in ("Hours", "Minutes", "Seconds")},
    **{f"minus{name}": _moving(name, -1) for name in ("Hours", "Minutes", "Seconds")},
}
METHODS: dict[Kind, Methods] = {
    Kind.DATE: _DATE,
    Kind.TIMESTAMP: _MOMENT,
    Kind.INSTANT: {
        "isBefore": (Method(_compared(exp.LT), (INSTANTS,)),),
        "isAfter": (Method(_compared(exp.GT), (INSTANTS,)),),
    },
    Kind.UUID: {"toString": (Method(to_text),)},
    Kind.DAY_OF_WEEK: {
        "getValue": (Method(lambda one: Value(one.target.tree.copy(), types.INTEGER)),),
        "name": (Method(to_text),),
        "toString": (Method(to_text),),
    },
    # Of the units only DAYS has a name here.
    Kind.UNIT: {"between": (Method(lambda one: _days_between(one.arguments[0].sql, one.arguments[1].sql), (DATES, DATES)),)},
}
STATIC: Methods = {
    "of": (Method(_of, (WHOLES, WHOLES, WHOLES)),),
    "parse": (Method(_parse, (TEXTS,)),),
    "ofEpochDay": (Method(_epoch_day, (WHOLES,)),),
}
