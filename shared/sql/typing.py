"""Columns resolved and types written onto a tree: which input each name means, and what comes out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.schema import MappingSchema

from shared.datasets import Columns
from shared.sql import contained
from shared.sql.decimals import METADATA
from shared.sql.errors import SqlProblem

UNKNOWN = "UNKNOWN"
INTEGERS = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
_SPELLINGS = {"INT": "INTEGER", "DECIMAL": "NUMERIC", "FLOAT8": "DOUBLE PRECISION", "FLOAT": "REAL", "TINYINT": "SMALLINT"}


def resolve(tree: exp.Expr, inputs: Mapping[str, Columns]) -> exp.Expr:
    """Every column quoted with its exact name and its table, every node typed; changes and returns the tree.

    `inputs`: table name -> columns. A name is looked for exactly, then without regard to case. Raises SqlProblem for one that is
    not there, or there twice.
    """
    for column in list(tree.find_all(exp.Column)):
        table, name = _find(column, inputs)
        column.set("this", exp.to_identifier(name, quoted=True))
        column.set("table", exp.to_identifier(table, quoted=True))
    return annotate(tree, inputs)


def annotate(tree: exp.Expr, inputs: Mapping[str, Columns]) -> exp.Expr:
    """Types on every node of a resolved tree."""
    (typed,) = annotate_each([tree], inputs)
    return typed


def annotate_each(trees: Sequence[exp.Expr], inputs: Mapping[str, Columns]) -> list[exp.Expr]:
    """`annotate` for several trees over the same inputs at once, which costs little more than for one of them."""
    # sqlglot types columns only within a query that says where they come from.
    select = exp.Select(expressions=[exp.alias_(tree, f"v{number}", copy=False) for number, tree in enumerate(trees)])
    for number, table in enumerate(inputs):
        source = exp.Table(this=exp.to_identifier(table, quoted=True))
        select = select.from_(source, copy=False) if number == 0 else select.join(source, join_type="cross", copy=False)
    annotate_types(select, schema=_schema(inputs), expression_metadata=METADATA, dialect="postgres")
    typed: list[exp.Expr] = [one.this for one in select.expressions]
    for one in typed:
        one.pop()
    return typed


def annotated(query: exp.Query, inputs: Mapping[str, Columns]) -> exp.Query:
    """Types on every node of a query whose columns are qualified; changes and returns it. `inputs`: as `resolve`."""
    annotate_types(query, schema=_schema(inputs), expression_metadata=METADATA, dialect="postgres")
    return query


def _schema(inputs: Mapping[str, Columns]) -> MappingSchema:
    # Types are handed over as trees: from a text, sqlglot would parse each anew for each schema.
    types: dict[str, object] = {table: {one.name: _type(one.type).copy() for one in columns} for table, columns in inputs.items()}
    return MappingSchema(types, dialect="postgres", normalize=False)


@lru_cache(maxsize=1024)
def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="postgres", udt=True)


def type_of(tree: exp.Expr) -> str:
    """The type of a typed tree in our spelling; UNKNOWN where sqlglot cannot tell."""
    if tree.type is None or tree.type.this in {exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL}:
        return UNKNOWN
    return spelled(tree.type)


def named_type(text: str) -> exp.DataType:
    """A type as a person wrote it. Raises SqlProblem."""
    try:
        found = exp.DataType.build(text, dialect="postgres")
        contained.check(found)
    except Exception as error:
        raise SqlProblem(f"{text!r} is not a type; for example BIGINT, NUMERIC(12, 2), TEXT, DATE, TIMESTAMP") from error
    return found


def spelled(data_type: exp.DataType) -> str:
    name = data_type.sql("postgres").upper()
    base, bracket, rest = name.partition("(")
    if base in {"VARCHAR", "CHAR", "BPCHAR", "CHARACTER VARYING"}:
        # A length is a constraint of a table, not a property of a value on its way.
        return "TEXT"
    return _SPELLINGS.get(base, base) + bracket + rest


def _find(column: exp.Column, inputs: Mapping[str, Columns]) -> tuple[str, str]:
    name, wanted = column.name, column.table
    tables = {table: columns for table, columns in inputs.items() if not wanted or table == wanted or table.lower() == wanted.lower()}
    if not tables:
        raise SqlProblem(f"{wanted} in {wanted}.{name} is not an input here; there is {', '.join(inputs)}")
    for same in (lambda other: other == name, lambda other: other.lower() == name.lower()):
        hits = [(table, c.name) for table, columns in tables.items() for c in columns if same(c.name)]  # type: ignore[no-untyped-call]
        if len(hits) == 1:
            return hits[0]
        if len(hits) > 1:
            raise SqlProblem(f"column {name} is in {' and in '.join(table for table, _ in hits)}; write {hits[0][0]}.{name} or the other")
    known = [c.name for columns in tables.values() for c in columns]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    hint = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(known[:20])}"
    raise SqlProblem(f"there is no column {name}{hint}", missing=(name, tuple(tables)))


# From the narrowest number to the widest; PostgreSQL's rule for UNION and CASE.
_NUMBERS = ("SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "DOUBLE PRECISION")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
_DIGITS = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


def wider_type(one: str, other: str) -> str | None:
    """The type that holds the values of both, as PostgreSQL resolves a UNION; None where there is none. An unknown one gives way.

    Beside text everything is text, which PostgreSQL would have a person write out.
    """
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    bases = (one.partition("(")[0], other.partition("(")[0])
    for ladder in (_NUMBERS, _TIMES):
        if set(bases) <= set(ladder):
            wider = max(bases, key=ladder.index)
            return _decimal(one, other) if wider == "NUMERIC" else wider
    return "TEXT" if "TEXT" in bases else None


def _decimal(one: str, other: str) -> str:
    """A NUMERIC with as many digits before and after the point as either; without limits where one has none, or 38 do not do."""
    shapes = [_digits(one), _digits(other)]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return "NUMERIC"
    scale = max(after for _, after in known)
    whole = max(before for before, _ in known)
    return f"NUMERIC({whole + scale}, {scale})" if whole + scale <= 38 else "NUMERIC"


def _digits(type_: str) -> tuple[int, int] | None:
    """Digits before and after the point."""
    if type_ in _DIGITS:
        return _DIGITS[type_], 0
    _, _, rest = type_.partition("(")
    if not rest:
        return None
    precision, _, scale = rest.rstrip(")").partition(",")
    return int(precision) - int(scale or 0), int(scale or 0)
