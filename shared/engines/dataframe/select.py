"""A SELECT over frames: FROM, WHERE, groups, windows, order, columns, in the order in which SQL means them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
import pyarrow as pa
from sqlglot import exp

from shared.engines.dataframe import expressions, grouping, joining
from shared.engines.dataframe.codes import codes, first_of_each
from shared.engines.dataframe.expressions import Draw
from shared.engines.dataframe.frame import Frame, draws_nothing
from shared.engines.dataframe.order import Key, places
from shared.engines.dataframe.table import Named, table_of
from shared.engines.dataframe.values import common_type, to_type

# A relation's rows by its name.
Tables = Mapping[str, Frame]
_INNER = "\x00"


def selected(tree: exp.Query, tables: Tables) -> Frame:
    """The rows of a query; its columns are under their own names, of no table."""
    if isinstance(tree, exp.Union):
        return _union(tree, tables)
    assert isinstance(tree, exp.Select)
    tree = tree.copy()
    frame = _from(tree, tables)
    where = tree.args.get("where")
    if where is not None:
        frame = frame.map(partial(_filter, where.this))
    if tree.args.get("group") or any(one.find(exp.AggFunc) and not one.find(exp.Window) for one in tree.expressions):
        frame = _grouped(tree, frame)
    order, limit = tree.args.get("order"), tree.args.get("limit")
    parts = [*tree.expressions, order] if order is not None else tree.expressions
    # Those of a derived table are its own.
    for at, window in enumerate([found for part in parts for found in part.find_all(exp.Window)]):
        frame = _windowed(window, frame, f"w{at}")
        window.replace(exp.column(f"w{at}", table=_INNER))
    most = int(limit.expression.name) if limit is not None else None
    distinct = tree.args.get("distinct") is not None
    if order is not None:
        frame = _sorted(order, frame, None if distinct else most)
    elif most is not None and not distinct:
        frame = frame.limited(most)
    frame = frame.map(partial(_project, tree.expressions))
    if distinct:
        frame = frame.map(_once).together(_all).map(_once)
        frame = frame.limited(most) if most is not None else frame
    return frame


def _from(tree: exp.Select, tables: Tables) -> Frame:
    frame = _source(tree.args["from_"].this, tables)
    for join in tree.args.get("joins") or ():
        frame = _join(frame, _source(join.this, tables), join)
    return frame


def _source(tree: exp.Expr, tables: Tables) -> Frame:
    if isinstance(tree, exp.Subquery):
        return selected(tree.this, tables).map(partial(_called, tree.alias))
    return tables[tree.name].map(partial(_called, tree.alias or tree.name))


def _called(alias: str, rows: Named, draw: Draw) -> Named:
    return Named(rows.table, tuple((alias, name) for _, name in rows.names))


def _filter(condition: exp.Expr, rows: Named, draw: Draw) -> Named:
    holds = np.asarray(expressions.condition(condition, rows, draw))
    return rows if holds.all() else rows.take(np.flatnonzero(holds))


def _project(columns: Sequence[exp.Expr], rows: Named, draw: Draw) -> Named:
    arrays: list[Any] = []
    fields: list[Any] = []
    names: list[tuple[str, str]] = []
    for column in columns:
        value = column.this if isinstance(column, exp.Alias) else column
        if isinstance(value, exp.Star):
            taken: Sequence[int] = range(len(rows.names))
        elif isinstance(value, exp.Column):
            taken = [rows.place(value.table, value.name)]
        else:
            made = expressions.column(value, rows, draw)
            arrays.append(made)
            fields.append(pa.field(column.alias_or_name, made.type))
            names.append(("", column.alias_or_name))
            continue
        for at in taken:
            name = rows.names[at][1] if isinstance(value, exp.Star) else column.alias_or_name
            arrays.append(rows.table.column(at))
            # The field goes on with its metadata: what the values are, where Arrow has no type for it.
            fields.append(rows.table.schema.field(at).with_name(name))
            names.append(("", name))
    return Named(table_of(arrays, fields), tuple(names))


def _all(rows: Named) -> Sequence[Any]:
    return list(rows.table.columns)


def _once(rows: Named, draw: Draw) -> Named:
    found, count = codes(rows.table.columns, rows.count)
    return rows if count == rows.count else rows.take(np.sort(first_of_each(found, count)))


def _union(tree: exp.Union, tables: Tables) -> Frame:
    frames = [selected(side, tables) for side in (tree.this, tree.expression)]
    kinds = [reduce(common_type, (frame.none.table.schema.field(at).type for frame in frames)) for at in range(len(frames[0].none.names))]
    first, *others = (frame.map(partial(_typed, kinds, frames[0].none.names)) for frame in frames)
    stacked = first.stacked(others)
    return stacked.map(_once).together(_all).map(_once) if tree.args.get("distinct") else stacked


def _typed(kinds: Sequence[Any], names: tuple[tuple[str, str], ...], rows: Named, draw: Draw) -> Named:
    arrays = [to_type(array, kind) for array, kind in zip(rows.table.columns, kinds, strict=True)]
    # Metadata tells what a type is; only the first side's is kept.
    fields = [pa.field(name, kind, metadata=field.metadata) for (_, name), kind, field in zip(names, kinds, rows.table.schema, strict=True)]
    return Named(table_of(arrays, fields), names)


def _join(left: Frame, right: Frame, join: exp.Join) -> Frame:
    how = (join.args.get("side") or "INNER").upper()
    on = join.args.get("on")
    sides = [{alias for alias, _ in frame.none.names} for frame in (left, right)]
    keys: list[tuple[exp.Expr, exp.Expr]] = []
    rest: list[exp.Expr] = []
    for part in on.flatten() if isinstance(on, exp.And) else [on] if on is not None else []:
        pair = _equal_sides(part, sides)
        keys.append(pair) if pair is not None else rest.append(part)
    condition = exp.and_(*rest) if rest else None
    pairing = partial(_pair, keys, condition, how)
    kinds = [
        common_type(*(expressions.column(tree, frame.none, draws_nothing).type for tree, frame in zip(pair, (left, right), strict=True)))
        for pair in keys
    ]
    by = (partial(_keys, [one for one, _ in keys], kinds), partial(_keys, [two for _, two in keys], kinds)) if keys else None
    if how in {"RIGHT", "FULL"}:
        return left.paired(right, by, pairing, keeps_other=True)
    return left.paired(right, by, pairing, keeps_other=False)


def _equal_sides(part: exp.Expr, sides: Sequence[set[str]]) -> tuple[exp.Expr, exp.Expr] | None:
    while isinstance(part, exp.Paren):
        part = part.this
    if not isinstance(part, exp.EQ):
        return None
    one, two = ({column.table for column in side.find_all(exp.Column)} for side in (part.this, part.expression))
    if one and two and one <= sides[0] and two <= sides[1]:
        return part.this, part.expression
    if one and two and one <= sides[1] and two <= sides[0]:
        return part.expression, part.this
    return None


def _keys(trees: Sequence[exp.Expr], kinds: Sequence[Any], rows: Named) -> Sequence[Any]:
    found = [expressions.column(tree, rows, draws_nothing) for tree in trees]
    return [to_type(array, kind) for array, kind in zip(found, kinds, strict=True)] if kinds else found


def _pair(keys: Sequence[tuple[exp.Expr, exp.Expr]], condition: exp.Expr | None, how: str, left: Named, right: Named) -> Named:
    columns = [(expressions.column(one, left, draws_nothing), expressions.column(two, right, draws_nothing)) for one, two in keys]
    holds = (lambda rows: expressions.condition(condition, rows, draws_nothing)) if condition is not None else None
    return joining.joined(left, right, columns, holds, how)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An aggregate of the query: what of, for which rows, and the column it is given."""

    one: grouping.Aggregate
    argument: exp.Expr
    label: str


_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
    exp.Variance: "var_samp",
    exp.VariancePop: "var_pop",
    exp.Stddev: "stddev_samp",
    exp.StddevSamp: "stddev_samp",
    exp.StddevPop: "stddev_pop",
    exp.LogicalAnd: "bool_and",
    exp.LogicalOr: "bool_or",
}


def _grouped(tree: exp.Select, frame: Frame) -> Frame:
    """Changes the tree: its aggregates and the expressions it is grouped by become columns of the groups."""
    group = tree.args.get("group")
    by = list(group.expressions) if group is not None else []
    asked: list[_Asked] = []
    having = tree.args.get("having")
    for whole in [*tree.expressions, *([having] if having is not None else [])]:
        for found in [one for one in whole.find_all(exp.AggFunc) if one.find_ancestor(exp.AggFunc) is None]:
            asked.append(_aggregate(found, f"a{len(asked)}"))
            outer = found.parent if isinstance(found.parent, exp.Filter) else found
            outer.replace(exp.column(asked[-1].label, table=_INNER))
    if any(one.one.distinct for one in asked):
        frame = frame.map(partial(_before, by, asked))
        frame = (frame.together(partial(_first, len(by))) if by else frame.whole()).map(partial(_partial, len(by), asked))
    else:
        frame = frame.map(partial(_before, by, asked)).map(partial(_partial, len(by), asked))
        frame = frame.together(partial(_first, len(by))) if by else frame.whole()
    names = tuple((key.table, key.name) if isinstance(key, exp.Column) else ("", "") for key in by)
    frame = frame.map(partial(_merged, names, asked))
    if having is not None:
        frame = frame.map(partial(_filter, having.this))
    return frame


def _aggregate(found: exp.AggFunc, label: str) -> _Asked:
    argument = found.this
    distinct = isinstance(argument, exp.Distinct)
    if distinct:
        (argument,) = argument.expressions
    if argument is None or isinstance(argument, exp.Star):
        argument = exp.Literal.number(1)
    if isinstance(found.parent, exp.Filter):
        argument = exp.Case(ifs=[exp.If(this=found.parent.expression.this.copy(), true=argument.copy())])
    return _Asked(grouping.Aggregate(_FUNCTIONS[type(found)], distinct), argument.copy(), label)


def _first(count: int, rows: Named) -> Sequence[Any]:
    return list(rows.table.columns[:count])


def _before(by: Sequence[exp.Expr], asked: Sequence[_Asked], rows: Named, draw: Draw) -> Named:
    """Keys and arguments, and nothing else."""
    columns: list[exp.Expr] = [*by, *(exp.alias_(one.argument.copy(), one.label) for one in asked)]
    if not columns:
        columns = [exp.alias_(exp.Literal.number(1), "one")]
    return _project(columns, rows, draw)


def _partial(count: int, asked: Sequence[_Asked], rows: Named, draw: Draw) -> Named:
    columns = rows.table.columns
    pairs = [(one.one, columns[count + at]) for at, one in enumerate(asked)]
    keys, found = grouping.partial(columns[:count], pairs, rows.count)
    labels = [f"{one.label}.{part}" for one, parts in zip(asked, found, strict=True) for part in range(len(parts))]
    arrays = [part for parts in found for part in parts]
    fields = [*(rows.table.schema.field(at) for at in range(count)), *(pa.field(n, a.type) for n, a in zip(labels, arrays, strict=True))]
    return Named(table_of([*keys, *arrays], fields), tuple(("", field.name) for field in fields))


def _merged(names: Sequence[tuple[str, str]], asked: Sequence[_Asked], rows: Named, draw: Draw) -> Named:
    count = len(names)
    columns = iter(rows.table.columns[count:])
    parts = [(one.one, [next(columns) for _ in grouping.parts_of(one.one)]) for one in asked]
    keys, found = grouping.merged(rows.table.columns[:count], parts, rows.count)
    fields = [rows.table.schema.field(at) for at in range(count)]
    fields += [pa.field(one.label, array.type) for one, array in zip(asked, found, strict=True)]
    return Named(table_of([*keys, *found], fields), (*names, *((_INNER, one.label) for one in asked)))


def _windowed(window: exp.Window, frame: Frame, label: str) -> Frame:
    """row_number() is the only one: `known.py` refuses the others."""
    order = window.args.get("order")
    by, keys = _ordering(order) if order is not None else ([], [])
    partition = window.args.get("partition_by") or []
    if partition:
        kept = partial(_keys, partition, ())
        return frame.together(kept).map(partial(_numbered_within, partition, by, keys, label))
    if by:
        frame = frame.sorted(partial(_keys, by, ()), keys)
    return frame.numbered(partial(_numbered, label))


def _numbered(label: str, rows: Named, before: int) -> Named:
    return _with_numbers(rows, np.arange(before + 1, before + rows.count + 1), label)


def _numbered_within(
    partition: Sequence[exp.Expr], by: Sequence[exp.Expr], keys: Sequence[Key], label: str, rows: Named, draw: Draw
) -> Named:
    found, count = codes(_keys(partition, (), rows), rows.count)
    order = places(_keys(by, (), rows), keys, rows.count)
    # Rows of one partition side by side, each partition in its order.
    order = order[np.argsort(found[order], kind="stable")]
    starts = np.zeros(count + 1, dtype="int64")
    np.cumsum(np.bincount(found, minlength=count), out=starts[1:])
    numbers = np.empty(rows.count, dtype="int64")
    numbers[order] = np.arange(rows.count) - starts[found[order]] + 1
    return _with_numbers(rows, numbers, label)


def _with_numbers(rows: Named, numbers: np.ndarray, label: str) -> Named:
    table = rows.table.append_column(pa.field(label, pa.int64()), pa.array(numbers, pa.int64()))
    return Named(table, (*rows.names, (_INNER, label)))


def _ordering(order: exp.Order) -> tuple[list[exp.Expr], list[Key]]:
    ordered = order.expressions
    return [key.this for key in ordered], [Key(bool(key.args.get("desc")), bool(key.args.get("nulls_first"))) for key in ordered]


def _sorted(order: exp.Order, frame: Frame, limit: int | None) -> Frame:
    by, keys = _ordering(order)
    return frame.sorted(partial(_keys, by, ()), keys, limit)
