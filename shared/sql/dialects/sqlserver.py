"""SQL Server: no booleans but in conditions, and texts compared without their trailing spaces."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.generators.tsql import TSQLGenerator

from shared.sql.dialects.dialect import Dialect, Features, Temporary
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.booleans import BOOLEANS
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.limits import INNER_ORDER
from shared.sql.rewrites.null_order import NULL_ORDER
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import SLASH_TRUNCATES

_TYPES = {**TSQLGenerator.TYPE_MAPPING, exp.DType.TEXT: "NVARCHAR(MAX)"}


class SqlServer(TSQL):
    """sqlglot's Transact-SQL by the name we have for it, with texts of any length."""

    class Generator(TSQLGenerator):
        TYPE_MAPPING = _TYPES


# Transact-SQL reference, SELECT - INTO Clause, and CREATE TABLE, Temporary tables: names of a session's own begin with a number sign.
TEMPORARY = Temporary("SELECT * INTO {name} FROM ({select}) AS [q]", "#")

SQLSERVER = Dialect(
    name="sqlserver",
    title="SQL Server",
    writes="sqlserver",
    passes=(
        UNSIZED,
        QUALIFY,
        FILTERS,
        INNER_ORDER,
        AVERAGES,
        SUMS,
        EXTREMES,
        DISTINCT_FROM,
        NULL_ORDER,
        SLASH_TRUNCATES,
        BOOLEANS,
    ),
    # https://learn.microsoft.com/en-us/sql/t-sql/: queries/select-order-by-clause (OFFSET FETCH), functions/try-cast, language-elements.
    features=Features(
        booleans=False, regex=False, guard=True, null_order=False, nulls="small", limit="fetch", name_case="exact", temporary=TEMPORARY
    ),
    # IS DISTINCT FROM came with SQL Server 2022 (16.x).
    since=(("16", {"distinct_from": True}),),
    session=("SET ANSI_NULLS, QUOTED_IDENTIFIER, CONCAT_NULL_YIELDS_NULL, ARITHABORT, XACT_ABORT ON", "SET DATEFORMAT ymd"),
)
