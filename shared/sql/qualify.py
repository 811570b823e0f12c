"""A user's query with every name settled: which table and column each means, stars written out, types known, division PostgreSQL's."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from shared.datasets import Column, Columns
from shared.sql.decimals import METADATA
from shared.sql.division import written_out
from shared.sql.errors import SqlProblem
from shared.sql.query import tables
from shared.sql.row_errors import can_fail
from shared.sql.typing import INTEGERS, type_of


def qualified(tree: exp.Query, inputs: Mapping[str, Columns], also: Mapping[str, str] | None = None) -> tuple[exp.Query, Columns]:
    """The query over the inputs (table name -> columns), and the columns it gives; changes and returns the tree.

    `also`: further names that an input goes by -> its table name. An input called a.b may be written as a table b of a schema a.
    Names are looked for exactly, then without regard to case. Only the columns of an input that the query uses are taken from it.
    Raises SqlProblem for a name that is not there or means two things.
    """
    _spell(tree, inputs)
    _rename(tree, {**{name: name for name in inputs}, **(also or {})})
    schema = MappingSchema(
        {name: {c.name: c.type for c in columns} for name, columns in inputs.items()}, dialect="postgres", normalize=False
    )
    try:
        found: exp.Query = qualify_columns(qualify_tables(tree, dialect="postgres"), schema)
        annotate_types(found, schema=schema, expression_metadata=METADATA, dialect="postgres")
        _widen(found)
        annotate_types(found, schema=schema, expression_metadata=METADATA, dialect="postgres", overwrite_types=True)
    except (OptimizeError, SqlglotError) as error:
        raise SqlProblem(f"the query cannot be understood: {str(error).rstrip('.')}") from error
    _unresolved(found, inputs)
    columns = tuple(Column(projection.alias_or_name, type_of(projection)) for projection in found.selects)
    _divide(found)
    _narrow(found, inputs)
    for identifier in found.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return found, columns


def _rename(tree: exp.Query, names: Mapping[str, str]) -> None:
    """Every table by the name its input has; what it was called stays its alias."""
    folded = {name.lower(): table for name, table in names.items()}
    for table in tables(tree):
        called = f"{table.db}.{table.name}" if table.db else table.name
        meant = names.get(called) or folded.get(called.lower())
        if meant is None or table.catalog:
            raise SqlProblem(f"the query reads {table.sql('postgres')}, which no edge brings here; there is {', '.join(names)}")
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(meant, quoted=True))
        table.set("db", None)


def _spell(tree: exp.Query, inputs: Mapping[str, Columns]) -> None:
    """Every name as it is spelt where it is defined, in quotes: an unquoted one means whatever has it in some case."""
    exact = {*inputs, *(c.name for columns in inputs.values() for c in columns)}
    by_folded: dict[str, str] = {}
    for name in exact:
        # Where two differ in case only, an unquoted name means the one it is spelt like.
        by_folded[name.lower()] = name if name.lower() not in by_folded else ""
    for identifier in tree.find_all(exp.Identifier):
        if not identifier.quoted and identifier.name not in exact:
            identifier.set("this", by_folded.setdefault(identifier.name.lower(), identifier.name) or identifier.name)
        identifier.set("quoted", True)


def _unresolved(tree: exp.Query, inputs: Mapping[str, Columns]) -> None:
    named = {found.alias_or_name for found in tree.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral, exp.Unnest, exp.Values)}
    for found in tree.find_all(exp.Column):
        if found.args.get("db"):
            raise SqlProblem(f"{found.sql('postgres')}: tables have no schema here; write {found.table}.{found.name}")
        if found.table and found.table not in named:
            raise SqlProblem(f"{found.table} is no table here; there is {', '.join(inputs)}")
    for scope in traverse_scope(tree):
        for found in scope.unqualified_columns if isinstance(scope.expression, exp.Select) else ():
            raise _nowhere(found.name, inputs)


def _nowhere(name: str, inputs: Mapping[str, Columns]) -> SqlProblem:
    holders = [table for table, columns in inputs.items() if name in {c.name for c in columns}]
    if len(holders) > 1:
        return SqlProblem(f"column {name} is in {' and in '.join(holders)}; write {holders[0]}.{name} or the other")
    known = sorted({c.name for columns in inputs.values() for c in columns})
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return SqlProblem(f"there is no column {name}" + (f"; did you mean {near[0]}?" if near else f"; there is {', '.join(known[:20])}"))


def _widen(tree: exp.Query) -> None:
    """Sums of whole numbers in PostgreSQL's types, which engines differ about."""
    for total in list(tree.find_all(exp.Sum)):
        argument = total.this.expressions[0] if isinstance(total.this, exp.Distinct) else total.this
        wide = "NUMERIC(38, 0)" if type_of(argument) == "BIGINT" else "BIGINT" if type_of(argument) in INTEGERS else None
        whole: exp.Expr = total
        while isinstance(whole.parent, exp.Filter | exp.Window) and whole.arg_key == "this":
            whole = whole.parent
        if wide is not None:
            whole.replace(exp.cast(whole.copy(), wide))


def _divide(tree: exp.Query) -> None:
    """Division as in PostgreSQL: whole between whole numbers, and an error by zero, where DuckDB gives NULL."""
    written_out(tree)
    for division in list(tree.find_all(exp.Div, exp.IntDiv, exp.Mod)):
        if can_fail(division):
            divisor = division.expression
            zero = exp.EQ(this=exp.paren(divisor.copy()), expression=exp.Literal.number(0))
            raised = exp.Anonymous(this="error", expressions=[exp.Literal.string("division by zero")])
            division.set("expression", exp.Case(ifs=[exp.If(this=zero, true=raised)], default=divisor.copy()))


def _narrow(tree: exp.Query, inputs: Mapping[str, Columns]) -> None:
    """Each input in place of its name, with the columns that are used, each under its table's own name, as the planner looks for them."""
    used = {found.name for found in tree.find_all(exp.Column)}
    for table in tables(tree):
        columns = [c for c in inputs[table.name] if c.name in used] or list(inputs[table.name][:1])
        picked = [exp.column(c.name, table=table.name, quoted=True) for c in columns]
        inner = exp.Select(expressions=picked).from_(exp.Table(this=exp.to_identifier(table.name, quoted=True)), copy=False)
        alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
        table.replace(exp.Subquery(this=inner, alias=alias))
