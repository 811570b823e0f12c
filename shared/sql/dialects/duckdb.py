"""DuckDB: the engine at home, and a database of its own."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal, size_of
from shared.sql.dialects.dialect import Dialect, Features, Pass
from shared.sql.rewrites.capitals import CAPITALS
from shared.sql.rewrites.duckdb_decimals import divide, divide_whole, from_doubles, widen
from shared.sql.rewrites.duckdb_doubles import DOUBLES_AS_TEXT
from shared.sql.rewrites.duckdb_numbers import HALF_EVEN, SECONDS
from shared.sql.rewrites.likes import ESCAPES
from shared.sql.rewrites.semi_joins import SEMI_JOINS
from shared.sql.rewrites.text_decimals import of_text
from shared.sql.rewrites.tree import swap
from shared.sql.rewrites.truncation import TRUNCATION
from shared.sql.rewrites.unsized_decimals import CARRIED_SIZE, UNSIZED
from shared.sql.typing import INTEGERS, type_of

_WHOLE = r"\s*[+-]?\d+\s*"
_EXACT = r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*"
# No more digits behind the point than NUMERIC alone is carried with; others would be rounded away unasked.
_TEN_PLACES = r"\s*[+-]?((\d+(\.\d{0,10}0*)?|\.\d{1,10}0*)([eE]\+?\d+)?|\d+(\.\d{0,5})?[eE]-0?[1-5])\s*"


def _number_casts(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """Text to number: DuckDB would round '3.7' to 4, take '1e3' for a whole one and '- ' for 0, '+-1' for a double and '1_000' for any;
    PostgreSQL takes none of these (from 16 on the last). A double may be NaN or infinite as well: its shape is told by what it is not.
    """
    for cast in list(tree.find_all(exp.TryCast)):
        if type_of(cast.this) != "TEXT":
            continue
        if type_of(cast) in INTEGERS or is_decimal(cast):
            pattern = _WHOLE if not is_decimal(cast) else _EXACT if size_of(cast) is not None else _TEN_PLACES
            shape: exp.Expr = exp.Anonymous(this="regexp_full_match", expressions=[cast.this.copy(), exp.Literal.string(pattern)])
        elif type_of(cast) in {"REAL", "DOUBLE PRECISION"}:
            shape = exp.Not(this=exp.Anonymous(this="regexp_matches", expressions=[cast.this.copy(), exp.Literal.string(r"_|\+-")]))
        else:
            continue
        read: exp.Expr = cast.copy()
        if is_decimal(cast):
            read = of_text(cast.this, *(size_of(cast) or CARRIED_SIZE))
            read.type = cast.type
        tree = swap(tree, cast, exp.Case(ifs=[exp.If(this=shape, true=read)]))
    return tree


def _days_at_zones(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """A day is its midnight in UTC, not what clocks show there."""
    for node in tree.find_all(exp.AtTimeZone):
        if type_of(node.this) == "DATE":
            node.set("this", exp.cast(node.this.copy(), "TIMESTAMPTZ"))
    return tree


DUCKDB = Dialect(
    name="duckdb",
    title="DuckDB",
    writes="duckdb",
    # https://duckdb.org/docs/stable/sql/: query_syntax/qualify, query_syntax/filter, expressions/cast (TRY_CAST), keywords_and_identifiers.
    features=Features(
        filter=True,
        qualify=True,
        merge=False,
        guard=True,
        distinct_from=True,
        materialised=True,
        snapshot=True,
        name_case="exact",
        longest_name=1000,
    ),
    passes=(
        ESCAPES,
        CAPITALS,
        TRUNCATION,
        DOUBLES_AS_TEXT,
        Pass("from_doubles", (exp.Cast,), from_doubles),
        Pass("widen", (exp.Add, exp.Sub, exp.Mul), widen),
        Pass("divide", (exp.Div,), divide),
        Pass("whole_division", (exp.IntDiv,), divide_whole),
        Pass("number_casts", (exp.TryCast,), _number_casts),
        UNSIZED,
        Pass("days_at_zones", (exp.AtTimeZone,), _days_at_zones),
        HALF_EVEN,
        SECONDS,
        SEMI_JOINS,
    ),
    # MERGE INTO came with 1.4.
    since=(("1.4", {"merge": True}),),
    session=("SET TimeZone = 'UTC'",),
)
