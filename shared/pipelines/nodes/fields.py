"""Settings that several node types have; rules have them too, so they are kept beside (`shared.pipelines.sql_fields`)."""

from shared.pipelines.fields import text
from shared.pipelines.fields import words as texts
from shared.pipelines.sql_fields import (
    CODE,
    ColumnName,
    Expression,
    Query,
    SortKey,
    Statement,
    Type,
    column,
    columns,
    sort_keys,
    sql_only,
    statement,
)

__all__ = [
    "CODE",
    "ColumnName",
    "Expression",
    "Query",
    "SortKey",
    "Statement",
    "Type",
    "column",
    "columns",
    "sort_keys",
    "sql_only",
    "statement",
    "text",
    "texts",
]
