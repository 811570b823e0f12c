"""A database that a pipeline reads, as placement sees it, and its tables as relations in its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from shared.connectors import CONNECTORS
from shared.connectors.protocols import Spec
from shared.planning.graph import Graph, Source
from shared.planning.needs import Facts, need_of
from shared.sql.reads import inner, named
from shared.sql.reads import rows_of as rows_of_text
from shared.sql.table_names import part, split
from shared.sql.typing import annotate

# What a vendor's database cannot compare, or nobody here knows how (`shared.connectors.dbapi.vendor_types`).
_NOT_COMPARED = ("clob, ", "unknown, ")
# Padded with blanks, which the database forgets about in every comparison and cast.
_PADDED = ("character(", "character", "bpchar", "char(", "char", "nchar")
# Where they are gone from what is read, too: DuckDB's extension and MySQL's protocol leave them out.
_READ_WITHOUT = {"postgres", "mysql"}


@dataclass(frozen=True, slots=True)
class Database:
    """`version` and `schema` as its survey told; None where nobody has looked."""

    connector: str
    spec: Spec
    dialect: str
    version: str | None
    schema: str | None


def database_of(graph: Graph, node: str, facts: Facts, types: Mapping[str, str]) -> Database | None:
    """The database a source reads; None where it reads something else."""
    spec = CONNECTORS[types[graph.sources[node].connector]]
    if spec.dialect is None:
        return None
    found = found_of(graph, node, facts, types)
    return Database(graph.sources[node].connector, spec, spec.dialect, found.get("version"), found.get("schema"))


def found_of(graph: Graph, node: str, facts: Facts, types: Mapping[str, str]) -> Mapping[str, Any]:
    need = need_of(graph.pipeline, graph.pipeline.node(node), types)
    return facts.get(need.key, {}) if need is not None else {}


def stays(source: Source, found: Mapping[str, Any], database: Database) -> str | None:
    """Why what is computed of a source cannot be computed where it is; None where it can."""
    where = condition(source)
    asked = [column.name for column in where.find_all(exp.Column)] if where is not None else []
    for name in dict.fromkeys((*source.keep, *asked)):
        kind = str(found.get("vendorTypes", {}).get(name, ""))
        if kind.startswith(_PADDED) and database.dialect not in _READ_WITHOUT:
            return f"column {name} of {source.node} is of type {kind}, whose blanks the database would drop"
        if kind.startswith(_NOT_COMPARED):
            return f"column {name} of {source.node} is of type {kind.partition(', ')[2]}, which the database does not compare as we do"
        if " collate " in kind:
            return f"column {name} of {source.node} is {kind}, by which the database would compare it"
    if found.get("inferredFrom") is not None:
        return f"the types of {source.node} are those of its first rows, which the database need not keep to; read a table"
    if (query := source.options.get("query")) and not _only_reads(str(query), database.dialect):
        return f"the query of {source.node} cannot be read as one SELECT, so that nothing can be built around it"
    return None


def condition(source: Source) -> exp.Expr | None:
    """The rows that a source keeps, typed and without its table's name; None: all."""
    if not (where := source.options.get("where")):
        return None
    tree = sqlglot.parse_one(str(where), dialect="duckdb")
    return annotate(tree, {source.node: source.columns})


def rows_of(source: Source, found: Mapping[str, Any], database: Database) -> exp.Select:
    """The columns and rows that are used, where they are. Columns whose own type has none of ours are texts, as when they are read."""
    rows: exp.Table
    if query := source.options.get("query"):
        # As it was written: vendors' SQL does not survive being written anew. It was read before, so its parentheses match.
        rows = rows_of_text(inner(str(query)), exp.to_identifier(source.node, quoted=True))
    else:
        table = str(source.options["table"])
        if split(table)[0] is None and database.schema is not None:
            table = f"{part(database.schema)}.{part(split(table)[1])}"
        rows = named(table)
        rows.set("alias", _alias(source.node))
    foreign = found.get("vendorTypes", {})

    def value(name: str) -> exp.Expr:
        column = exp.column(name, table=source.node, quoted=True)
        if name not in foreign:
            return column
        text = exp.cast(column, "TEXT")
        text.type = exp.DataType.build("TEXT")
        return text

    columns = [exp.alias_(value(name), name, quoted=True) if name in foreign else value(name) for name in source.keep]
    select = exp.Select(expressions=columns).from_(rows, copy=False)
    where = condition(source)
    if where is None:
        return select
    # What is asked of a value is asked of it as it comes.
    return select.where(where.transform(lambda node: value(node.name) if _is_of(node, foreign) else node), copy=False)


def _is_of(node: exp.Expr, columns: Collection[str]) -> bool:
    return isinstance(node, exp.Column) and node.name in columns


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))


def _only_reads(query: str, dialect: str) -> bool:
    try:
        trees = [tree for tree in sqlglot.parse(query, dialect=dialect) if tree is not None]
    except (SqlglotError, RecursionError):
        return False
    return len(trees) == 1 and isinstance(trees[0], exp.Query) and trees[0].find(exp.DML, exp.DDL, exp.Into, exp.Lock) is None
