"""A value as Java's toString() writes it, for `'text' + value` and `.toString()`."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shared.pipelines.spel.types import Kind
from shared.pipelines.spel.values import Value, all_of, call, cast, choose, number, operand, text

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def written(value: Value) -> exp.Expr | None:
    """SQL of type TEXT, NULL for NULL; None for what has no text here."""
    made = _WRITTEN.get(value.kind)
    return made(value) if made else None


def concat(parts: tuple[exp.Expr, ...]) -> exp.Expr:
    """Put together in halves, since a long row of `||` would nest as deep as it is long."""
    if len(parts) == 1:
        return operand(parts[0])
    middle = len(parts) // 2
    return exp.DPipe(this=concat(parts[:middle]), expression=concat(parts[middle:]))


def _text(value: Value) -> exp.Expr:
    return value.sql


def _cast(value: Value) -> exp.Expr:
    if isinstance(value.constant, int) and not isinstance(value.constant, bool):
        return text(str(value.constant))
    return cast(value.sql, "TEXT")


def _day(value: Value) -> exp.Expr:
    return choose(*((exp.EQ(this=value.sql, expression=number(at)), text(name)) for at, name in enumerate(DAYS, 1)))


def _moment(value: Value) -> exp.Expr:
    """LocalDateTime.toString: a T, seconds only if there are any, fractions in groups of three digits."""

    def iso() -> exp.Expr:
        return call("REPLACE", cast(value.sql, "TEXT"), text(" "), text("T"))

    fraction = _part(iso(), ".", 2)
    padded = call(
        "RPAD",
        fraction,
        choose((exp.LTE(this=call("LENGTH", fraction.copy()), expression=number(3)), number(3)), default=number(6)),
        text("0"),
    )
    with_fraction = concat((_part(iso(), ".", 1), text("."), padded))
    return choose((_has(iso(), "."), with_fraction), default=_replaced(iso(), ":00$", ""))


def _double(value: Value) -> exp.Expr:
    """Double.toString: plain from 0.001 to 10 million, with an exponent beyond, always a digit behind the point.

    Engines give the same shortest digits, and differ in when they write an exponent and in a trailing `.0`.
    """
    if isinstance(value.constant, float):
        return text(java_double(value.constant))

    def plain() -> exp.Expr:
        return cast(value.sql, "TEXT")

    def size() -> exp.Expr:
        return call("ABS", value.sql)

    def unsigned() -> exp.Expr:
        return _replaced(plain(), "^-", "")

    def special(word: str) -> tuple[exp.Expr, exp.Expr]:
        return exp.EQ(this=value.sql, expression=cast(text(word), "DOUBLE PRECISION")), text(word)

    sign = choose((exp.LT(this=value.sql, expression=number(0)), text("-")), default=text(""))
    mantissa = _pointed(_part(plain(), "e", 1))
    exponent = cast(cast(_part(plain(), "e", 2), "INTEGER"), "TEXT")
    whole, fraction = _part(unsigned(), ".", 1), _part(unsigned(), ".", 2)
    rest = call("RTRIM", exp.DPipe(this=_from(whole, 2), expression=fraction), text("0"))
    large = concat(
        (
            sign,
            _first(whole.copy()),
            text("."),
            exp.Coalesce(this=call("NULLIF", rest, text("")), expressions=[text("0")]),
            text("E"),
            cast(exp.Paren(this=exp.Sub(this=call("LENGTH", whole.copy()), expression=number(1))), "TEXT"),
        )
    )
    # Engines write no number below 0.0001 without an exponent, so that the first digit is the fourth behind the point.
    digits = _from(unsigned(), 6)
    small = concat(
        (
            sign.copy(),
            _first(digits),
            text("."),
            exp.Coalesce(this=call("NULLIF", _from(unsigned(), 7), text("")), expressions=[text("0")]),
            text("E-4"),
        )
    )
    usual = all_of(
        [
            exp.GTE(this=size(), expression=exp.Literal.number("0.001")),
            exp.LT(this=size(), expression=number(10_000_000)),
        ]
    )
    return choose(
        (usual, _pointed(plain())),
        (exp.EQ(this=value.sql, expression=number(0)), _pointed(plain())),
        special("Infinity"),
        special("-Infinity"),
        special("NaN"),
        (_has(plain(), "e"), concat((mantissa, text("E"), exponent))),
        (exp.GT(this=size(), expression=number(1)), large),
        default=choose((exp.Not(this=exp.Paren(this=exp.Is(this=value.sql, expression=exp.null()))), small)),
    )


def java_double(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = "-" if value < 0 else "", *_shortest(abs(value))
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _shortest(value: float) -> tuple[str, int]:
    """The digits without zeros at either end, and the power of ten of the first."""
    mantissa, _, exponent = f"{value!r}e0".partition("e")
    power = int(exponent.partition("e")[0])
    whole, _, fraction = mantissa.partition(".")
    both = whole + fraction
    digits = both.lstrip("0")
    return digits.rstrip("0") or "0", power + len(whole) - 1 - (len(both) - len(digits))


def _pointed(tree: exp.Expr) -> exp.Expr:
    return _replaced(tree, "^(-?[0-9]+)$", r"\1.0")


def _part(tree: exp.Expr, separator: str, at: int) -> exp.Expr:
    return call("SPLIT_PART", tree, text(separator), number(at))


def _has(tree: exp.Expr, sign: str) -> exp.Expr:
    return exp.GT(this=exp.StrPosition(this=tree, substr=text(sign)), expression=number(0))


def _first(tree: exp.Expr) -> exp.Expr:
    return exp.Substring(this=tree, start=number(1), length=number(1))


def _from(tree: exp.Expr, start: int) -> exp.Expr:
    return exp.Substring(this=tree, start=number(start))


def _replaced(tree: exp.Expr, pattern: str, by: str) -> exp.Expr:
    # Not sqlglot's own node for it: that one is written with a `g` for PostgreSQL whether it is wanted or not.
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=[tree, text(pattern), text(by)])


_WRITTEN: dict[Kind, Callable[[Value], exp.Expr]] = {
    Kind.TEXT: _text,
    Kind.BOOLEAN: _cast,
    Kind.INTEGER: _cast,
    Kind.LONG: _cast,
    Kind.DECIMAL: _cast,
    Kind.DATE: _cast,
    Kind.UUID: _cast,
    Kind.TIMESTAMP: _moment,
    Kind.DOUBLE: _double,
    Kind.DAY_OF_WEEK: _day,
}
