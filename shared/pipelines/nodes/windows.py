"""Windows of time of an aggregator: slices (tumbling), overlapping slices (sliding), or bursts between silences (session).

Slices begin at whole multiples of their size (or slide) since 1970-01-01 00:00, of a timestamp with a zone in UTC. A session ends where the
next row comes `gap` or more after the last, as in Flink and Spark; it lies between its first row and `gap` after its last. In a batch all
rows are there, so none is late and `watermark` changes nothing. A row without a time lies in no window and is a rejected row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shared.datasets import Column
from shared.datasets.quantities import microseconds
from shared.pipelines.nodes.relations import column, find, is_null, named, pass_on, select
from shared.pipelines.nodes.types import Input
from shared.sql.errors import SqlProblem

START, END = "window_start", "window_end"
# A row is in at most so many overlapping windows.
MOST_WINDOWS = 1000
_AT, _WINDOW, _BEFORE, _NUMBER = "__at", "__window", "__before", "__number"
_TIMES = {"DATE": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMPTZ"}


@dataclass(frozen=True, slots=True)
class Windowed:
    """`rows`: what is grouped, under the input's own name; `group`: what beside the keys; `made`: window_start and window_end, with their
    columns. `overlap`: a row may be in several windows.
    """

    rows: exp.Subquery
    group: exp.Expr
    made: tuple[tuple[exp.Expr, Column], ...]
    overlap: bool


def without_time(config: Mapping[str, Any], source: Input) -> exp.Expr | None:
    """The error of a row that lies in no window; None where every row has a time. Raises SqlProblem for a column that holds no time."""
    at = _time(config, source)
    if not at.nullable:
        return None
    told = exp.Literal.string(f"{at.name} is NULL, so the row lies in no window")
    return exp.Case(ifs=[exp.If(this=is_null(column(at.name, source.table)), true=told)])


def windowed(config: Mapping[str, Any], source: Input, keys: Sequence[Column], where: exp.Expr | None) -> Windowed:
    """`where`: the rows that take part."""
    at = _time(config, source)
    kind = _TIMES[at.type.partition("(")[0]]
    rows = select([*pass_on(source), named(_micros(column(at.name, source.table), kind), _AT)], source.table, where)
    windows = _session if config["type"] == "session" else _slices
    inner, first, behind = windows(config, source, rows, keys)
    made = tuple((_stamp(value, kind), Column(name, kind, False)) for value, name in ((first, START), (behind, END)))
    return Windowed(_as(inner, source), column(_WINDOW, source.table), made, config["type"] == "sliding")


def _slices(config: Mapping[str, Any], source: Input, rows: exp.Select, keys: Sequence[Column]) -> tuple[exp.Select, exp.Expr, exp.Expr]:
    size = microseconds(config["size"])
    step = microseconds(config["slide"]) if config["type"] == "sliding" else size
    if not size or not step:
        raise SqlProblem("a window's size and slide must be longer than nothing")
    at = column(_AT, source.table)
    # The remainder of a division has the sign of what is divided: before 1970 it is brought above zero.
    past = exp.Mod(
        this=exp.paren(exp.Add(this=exp.Mod(this=at, expression=_whole(step)), expression=_whole(step)), copy=False),
        expression=_whole(step),
    )
    newest = exp.Sub(this=at.copy(), expression=exp.paren(past, copy=False))
    if config["type"] == "tumbling":
        inner = select([*pass_on(source), named(newest, _WINDOW)], source.table)
    else:
        most = -(-size // step)
        if most > MOST_WINDOWS:
            raise SqlProblem(f"a row would be in {most} windows at once, and {MOST_WINDOWS} is the most; make slide longer")
        numbers: exp.Query = _number(0)
        for number in range(1, most):
            numbers = exp.Union(this=numbers, expression=_number(number), distinct=False)
        alias = f"{source.table} windows"
        back = exp.Mul(this=column(_NUMBER, alias), expression=_whole(step))
        start = exp.Sub(this=exp.paren(newest, copy=False), expression=back)
        inner = select([*pass_on(source), named(start, _WINDOW)], source.table)
        reaches = exp.GT(this=exp.Add(this=exp.paren(start.copy(), copy=False), expression=_whole(size)), expression=at.copy())
        inner.join(
            exp.Subquery(this=numbers, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))),
            on=reaches,
            join_type="inner",
            copy=False,
        )
    inner.from_(_as(rows, source), copy=False)
    first = column(_WINDOW, source.table)
    return inner, first, exp.Add(this=first.copy(), expression=_whole(size))


def _session(config: Mapping[str, Any], source: Input, rows: exp.Select, keys: Sequence[Column]) -> tuple[exp.Select, exp.Expr, exp.Expr]:
    gap = microseconds(config["gap"])
    if not gap:
        raise SqlProblem("a session's gap must be longer than nothing")
    at = column(_AT, source.table)

    def over(what: exp.Expr) -> exp.Window:
        order = exp.Order(expressions=[exp.Ordered(this=at.copy(), desc=False, nulls_first=False)])
        return exp.Window(this=what, partition_by=[column(key.name, source.table) for key in keys], order=order)

    before = select([*pass_on(source), at.copy(), named(over(exp.Lag(this=at.copy())), _BEFORE)], source.table)
    before.from_(_as(rows, source), copy=False)
    silence = exp.Sub(this=at.copy(), expression=column(_BEFORE, source.table))
    begins = exp.Case(
        ifs=[exp.If(this=exp.GTE(this=silence, expression=_whole(gap)), true=exp.Literal.number(1))], default=exp.Literal.number(0)
    )
    # Without a frame of its own, SUM takes rows of the same time together: they are of one session whatever their order.
    inner = select([*pass_on(source), at.copy(), named(over(exp.Sum(this=begins)), _WINDOW)], source.table)
    inner.from_(_as(before, source), copy=False)
    return inner, exp.Min(this=at.copy()), exp.Add(this=exp.Max(this=at.copy()), expression=_whole(gap))


def _time(config: Mapping[str, Any], source: Input) -> Column:
    at = find(source.columns, config["timeColumn"], source.node)
    if at.type.partition("(")[0] not in _TIMES:
        raise SqlProblem(f"timeColumn {at.name} is {at.type}; windows need a DATE, TIMESTAMP or TIMESTAMPTZ, so cast it before")
    return at


def _micros(time: exp.Expr, kind: str) -> exp.Expr:
    """Microseconds since 1970, whole: 2^53 of them reach to the year 2255."""
    epoch = exp.Extract(this=exp.Var(this="EPOCH"), expression=exp.cast(time, kind))
    return exp.cast(exp.Round(this=exp.Mul(this=epoch, expression=exp.Literal.number(1_000_000))), "BIGINT")


def _stamp(micros: exp.Expr, kind: str) -> exp.Expr:
    """In hours, seconds and microseconds, of which each is few enough for any engine; hours, unlike days, are of one length in any zone."""
    stamp: exp.Expr = exp.cast(exp.Literal.string("1970-01-01 00:00:00" + ("+00" if kind == "TIMESTAMPTZ" else "")), kind)
    rest: exp.Expr = exp.paren(micros, copy=False)
    for unit, length in (("HOUR", 3_600_000_000), ("SECOND", 1_000_000), ("MICROSECOND", 1)):
        whole = exp.IntDiv(this=rest.copy(), expression=_whole(length)) if length > 1 else rest
        one = exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this=unit))
        stamp = exp.Add(this=stamp, expression=exp.Mul(this=exp.paren(whole, copy=False), expression=one))
        rest = exp.paren(exp.Mod(this=rest, expression=_whole(length)), copy=False)
    return stamp


def _whole(value: int) -> exp.Expr:
    return exp.cast(exp.Literal.number(value), "BIGINT")


def _number(value: int) -> exp.Select:
    return exp.Select(expressions=[named(_whole(value), _NUMBER)])


def _as(rows: exp.Select, source: Input) -> exp.Subquery:
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier(source.table, quoted=True)))
