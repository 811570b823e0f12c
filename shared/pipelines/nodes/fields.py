"""Settings that several node types have; rules have them too, so they are kept beside (`shared.pipelines.sql_fields`)."""

from shared.pipelines.fields import text
from shared.pipelines.fields import words as texts
from shared.pipelines.sql_fields import ColumnName, Expression, Query, SortKey, Type, column, columns, sort_keys, sql_only

__all__ = ["ColumnName", "Expression", "Query", "SortKey", "Type", "column", "columns", "sort_keys", "sql_only", "text", "texts"]
