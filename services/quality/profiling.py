"""What is asked of a dataset for the profile of a column: trees over `this`, typed. Which of them are asked, `profile` decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from services.quality import figures
from shared.datasets import Column
from shared.formats.types import duckdb as in_duckdb
from shared.rules.trees import FLOATS, NUMBERS, TIMES, table, there, typed, typed_each, values
from shared.rules.types import column, count, filtered, this

COMPARED = NUMBERS | TIMES | {"TEXT", "BOOLEAN", "UUID", "TIME"}
# Of so many values, each is counted and brought here.
FEW = 1_000
# From so many rows on, quantiles are estimated (t-digest), and values that are not few too (HyperLogLog).
EXACT_BELOW = 1_000_000

_DOUBLE = exp.DataType.build("DOUBLE PRECISION", dialect="postgres")
_GROUPS = "counted values"


def aggregates(one: Column, *, estimates: bool) -> dict[str, exp.Expr]:
    """Of the scan that the rules share: present, min, max, mean, stddev, shortest, longest, length, and distinct; or, where the
    engine is one that `estimates`, about. Values that are not finite are left out there.
    """
    kind, of = figures.base(one.type), column(one.name)
    found: dict[str, exp.Expr] = {"present": values(of)}
    finite = _finite(one) if estimates else None
    if kind in COMPARED - {"BOOLEAN"}:
        found |= {"min": filtered(exp.Min(this=of.copy()), finite), "max": filtered(exp.Max(this=of.copy()), finite)}
    if kind in NUMBERS:
        double = of.copy() if kind == "DOUBLE PRECISION" else exp.Cast(this=of.copy(), to=_DOUBLE.copy())
        found |= {"mean": filtered(exp.Avg(this=double), finite), "stddev": filtered(exp.StddevSamp(this=double.copy()), finite)}
    if kind == "TEXT":
        length = exp.Length(this=of.copy())
        found |= {"shortest": exp.Min(this=length), "longest": exp.Max(this=length.copy()), "length": exp.Avg(this=length.copy())}
    if kind in COMPARED and estimates:
        found["about"] = exp.ApproxDistinct(this=of.copy())
    elif kind in COMPARED:
        found["distinct"] = exp.Count(this=exp.Distinct(expressions=[of.copy()]), big_int=True)
    return typed_each({name: tree.copy() for name, tree in found.items()}, (one,))


def each_value(one: Column) -> exp.Select:
    """(value, rows) of each value, in the order of the values."""
    return typed(_counted(one).order_by(exp.Ordered(this=column(one.name), nulls_first=False), copy=False), (one,))


def most_frequent(one: Column, most: int) -> exp.Select:
    """(value, rows, how many values there are) of the most frequent values."""
    groups = table(_GROUPS)
    value, counted = (exp.column(name, table=_GROUPS, quoted=True) for name in ("value", "n"))
    number = exp.Select(expressions=[count(None)]).from_(groups.copy(), copy=False).subquery(copy=False)
    order = [exp.Ordered(this=counted.copy(), desc=True, nulls_first=False), exp.Ordered(this=value.copy(), nulls_first=False)]
    select = exp.Select(expressions=[value, counted, exp.alias_(number, "distinct", quoted=True)]).from_(groups, copy=False)
    select.with_(exp.to_identifier(_GROUPS, quoted=True), as_=_counted(one), copy=False)
    return typed(
        select.order_by(*order, copy=False).limit(most, copy=False), (one,), {_GROUPS: (Column("value", one.type), Column("n", "BIGINT"))}
    )


def shape(one: Column, ends: Sequence[Any], *, exact: bool) -> dict[str, exp.Expr]:
    """quantiles and bins of a column with many values, in DuckDB's own words. `ends`: of the histogram's bins; none for none."""
    kind, of = figures.base(one.type), column(one.name)
    shares = exp.Array(expressions=[exp.Literal.number(share) for share in figures.QUANTILES.values()])
    function = "quantile_disc" if exact else "approx_quantile"
    found: dict[str, exp.Expr] = {"quantiles": exp.Anonymous(this=function, expressions=[of, shares])}
    if ends:
        placed = "DOUBLE" if kind in NUMBERS else in_duckdb(kind)
        texts = [repr(float(end)) if kind in NUMBERS else end.isoformat() for end in ends]
        places = exp.Array(expressions=[_as(exp.Literal.string(text), placed) for text in texts])
        found["bins"] = exp.Anonymous(this="histogram", expressions=[_as(of.copy(), placed), places])
    return {name: filtered(tree, _finite(one)) for name, tree in found.items()}


def bin_rows(found: Mapping[Any, int], bins: int) -> list[int]:
    """The rows of each bin, of what DuckDB's histogram gives; what lies beyond the last end by a rounding is in the last bin."""
    counts = list(found.values())
    return [*counts[: bins - 1], sum(counts[bins - 1 :])]


def _counted(one: Column) -> exp.Select:
    of = column(one.name)
    picked = [exp.alias_(of, "value", quoted=True), exp.alias_(count(None), "n", quoted=True)]
    return exp.Select(expressions=picked).from_(this(), copy=False).where(there(of.copy()), copy=False).group_by(of.copy(), copy=False)


def _finite(one: Column) -> exp.Expr | None:
    if figures.base(one.type) not in FLOATS:
        return None
    return exp.Anonymous(this="isfinite", expressions=[column(one.name)])


def _as(of: exp.Expr, kind: str) -> exp.Expr:
    return exp.Cast(this=of, to=exp.DataType.build(kind, dialect="duckdb"))
