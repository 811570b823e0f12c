"""SAP ASE (Sybase): an old Transact-SQL with TOP, and without WITH, windows, FULL JOIN and OFFSET."""

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
from shared.sql.rewrites.full_join import FULL_JOIN
from shared.sql.rewrites.limits import INNER_ORDER
from shared.sql.rewrites.null_order import NULL_ORDER
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import SLASH_TRUNCATES

_TYPES = {
    **TSQLGenerator.TYPE_MAPPING,
    exp.DType.BOOLEAN: "BIT",
    exp.DType.TEXT: "VARCHAR(16384)",
    exp.DType.DOUBLE: "DOUBLE PRECISION",
    exp.DType.DATETIME2: "BIGDATETIME",
    exp.DType.TIMESTAMP: "BIGDATETIME",
    exp.DType.TIMESTAMPNTZ: "BIGDATETIME",
    exp.DType.TIMESTAMPTZ: "BIGDATETIME",
}


class Ase(TSQL):
    """How sqlglot writes Sybase ASE's SQL: SQL Server's, before the two went apart (SAP ASE Reference Manual: Building Blocks)."""

    class Generator(TSQLGenerator):
        LIMIT_IS_TOP = True
        TYPE_MAPPING = _TYPES


# SAP ASE Reference Manual: Commands, select … into; Transact-SQL Users Guide, Temporary tables (their names begin with a number sign).
TEMPORARY = Temporary("SELECT * INTO {name} FROM ({select}) AS [q]", "#")

ASE = Dialect(
    name="ase",
    title="Sybase ASE",
    writes="ase",
    passes=(
        UNSIZED,
        FULL_JOIN,
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
    # SAP ASE Reference Manual: Commands (select, merge), Building Blocks (Identifiers: 255 bytes).
    features=Features(
        booleans=False,
        full_join=False,
        regex=False,
        null_order=False,
        nulls="small",
        windows=False,
        ctes=False,
        temporary=TEMPORARY,
        limit="top",
        name_case="exact",
        longest_name=255,
    ),
    session=("SET quoted_identifier ON", "SET ansinull ON", "SET string_rtruncation ON"),
)
