"""sql: a whole query over the upstream nodes, which are its tables.

The query is PostgreSQL's, and only reads. A cast or a division that fails, fails the node: a query has no rows of its own input that
could be set aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import column
from shared.pipelines.nodes.types import Compiled, Input, Names, NodeType, Relation
from shared.pipelines.shapes import Shape
from shared.pipelines.sql_fields import Query
from shared.sql.errors import SqlProblem
from shared.sql.qualify import qualified
from shared.sql.query import query, read_query, tables

# What a source's postQuery calls the rows that were read.
THIS = "this"


class SqlConfig(Shape):
    query = Query(
        required=True,
        metadata=shown(
            "Query", "Over the ids of the upstream nodes as tables", 'SELECT region, SUM(amount) AS total FROM "read-sales" GROUP BY region'
        ),
    )


def reads(config: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    text = config.get("query")
    for name, offset in tables_of(text) if isinstance(text, str) else ():
        yield "query", name, offset


def tables_of(text: str) -> Iterator[tuple[str, int | None]]:
    """(name, offset) of each table that a query reads; nothing of a text that is none."""
    try:
        tree = read_query(text)
    except SqlProblem:
        return
    for table in tables(tree):
        schema = table.args.get("db")
        first = schema if isinstance(schema, exp.Identifier) else table.this
        yield f"{table.db}.{table.name}" if table.db else table.name, first.meta.get("start")


def other_names(inputs: Sequence[Input | Names]) -> dict[str, str]:
    """A node whose one port comes in goes by its own id too: id -> table."""
    nodes = [one.node for one in inputs]
    return {one.node: one.table for one in inputs if nodes.count(one.node) == 1}


def compile_sql(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    return Compiled({"out": selected(node.config["query"], inputs, other_names(inputs), node.id)})


def selected(text: str, inputs: Sequence[Input], also: Mapping[str, str], alias: str) -> Relation:
    """What a query over the inputs gives. `also`: further names that they go by -> table. Raises SqlProblem."""
    tree, columns = qualified(query(text), {one.table: one.columns for one in inputs}, also)
    names = [c.name for c in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SqlProblem(f"the query has two columns {twice}; name one of them otherwise with AS")
    inner = exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    outer = exp.Select(expressions=[column(name, alias) for name in names]).from_(inner, copy=False)
    return Relation(outer, tuple(Column(c.name, c.type) for c in columns), "own", rest="query")


SQL = NodeType(
    "sql",
    "transform",
    "SQL",
    SqlConfig,
    (1, None),
    lambda _: ("out", "error"),
    compile_sql,
    description="A query over the upstream nodes",
    reads=reads,
    whole_query=True,
)
