"""A user's query with every name settled: which table and column each means, stars written out, types known, division PostgreSQL's."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from shared.datasets import Column, Columns
from shared.sql.division import written_out
from shared.sql.errors import SqlProblem
from shared.sql.query import tables
from shared.sql.row_errors import can_fail
from shared.sql.typing import type_of


def qualified(tree: exp.Query, inputs: Mapping[str, Columns]) -> tuple[exp.Query, Columns]:
    """The query over the inputs (table name -> columns), and the columns it gives; changes and returns the tree.

    Names are looked for exactly, then without regard to case. Only the columns of an input that the query uses are taken from it.
    Raises SqlProblem for a name that is not there or means two things.
    """
    _spell(tree, inputs)
    for table in tables(tree):
        if table.name not in inputs or table.db:
            raise SqlProblem(f"the query reads {table.sql('postgres')}, which no edge brings here; there is {', '.join(inputs)}")
    schema = MappingSchema(
        {name: {c.name: c.type for c in columns} for name, columns in inputs.items()}, dialect="postgres", normalize=False
    )
    try:
        found: exp.Query = qualify_columns(qualify_tables(tree, dialect="postgres"), schema)
        annotate_types(found, schema=schema, dialect="postgres")
    except (OptimizeError, SqlglotError) as error:
        raise SqlProblem(f"the query cannot be understood: {str(error).rstrip('.')}") from error
    _unresolved(found, inputs)
    columns = tuple(Column(projection.alias_or_name, type_of(projection)) for projection in found.selects)
    _divide(found)
    _narrow(found, inputs)
    return found, columns


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
    for found in tree.find_all(exp.Column):
        if not found.table and not isinstance(found.this, exp.Star):
            known = sorted({c.name for columns in inputs.values() for c in columns})
            raise SqlProblem(f"there is no column {found.name}; there is {', '.join(known[:20])}")


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
