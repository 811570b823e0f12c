"""SAP HANA."""

from __future__ import annotations

from sqlglot import exp, generator
from sqlglot.dialects.dialect import Dialect as Grammar
from sqlglot.dialects.dialect import NormalizationStrategy, rename_func

from shared.sql.dialects.dialect import Dialect, Features, Temporary
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.booleans import BOOLEANS
from shared.sql.rewrites.casts import DAYS
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.likes import ESCAPES
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.whole_division import SLASH_IS_EXACT

_TYPES = {
    **generator.Generator.TYPE_MAPPING,
    exp.DType.INT: "INTEGER",
    exp.DType.TEXT: "NVARCHAR(5000)",
    exp.DType.VARCHAR: "NVARCHAR",
    exp.DType.TIMESTAMPNTZ: "TIMESTAMP",
    exp.DType.TIMESTAMPTZ: "TIMESTAMP",
    exp.DType.FLOAT: "REAL",
    exp.DType.BINARY: "VARBINARY",
}
_TRANSFORMS = {
    **generator.Generator.TRANSFORMS,
    exp.Mod: rename_func("MOD"),
    exp.Pow: rename_func("POWER"),
    exp.StrPosition: lambda self, e: self.func("LOCATE", e.this, e.args.get("substr")),
    exp.GroupConcat: rename_func("STRING_AGG"),
    exp.Stddev: rename_func("STDDEV_SAMP"),
    exp.Variance: rename_func("VAR_SAMP"),
    exp.Ln: rename_func("LN"),
    exp.CurrentTimestamp: lambda self, e: "CURRENT_UTCTIMESTAMP",
}


class Hana(Grammar):
    """How sqlglot writes SAP HANA's SQL, which it does not know itself (SAP HANA SQL Reference Guide: Data Types, Functions)."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    NULL_ORDERING = "nulls_are_small"

    class Generator(generator.Generator):
        TYPE_MAPPING = _TYPES
        TRANSFORMS = _TRANSFORMS


# SAP HANA SQL Reference Guide, CREATE TABLE: the name of a local temporary table begins with a number sign.
TEMPORARY = Temporary("CREATE LOCAL TEMPORARY COLUMN TABLE {name} AS ({select}) WITH DATA", "#")

HANA = Dialect(
    name="hana",
    title="SAP HANA",
    writes="hana",
    passes=(
        QUALIFY,
        FILTERS,
        AVERAGES,
        SUMS,
        EXTREMES,
        DISTINCT_FROM,
        SLASH_IS_EXACT,
        ESCAPES,
        DAYS,
        BOOLEANS,
    ),
    # SAP HANA SQL Reference Guide: SELECT (LIMIT, NULLS FIRST | LAST), MERGE INTO, Identifiers (127 characters), Boolean type.
    features=Features(booleans=False, temporary=TEMPORARY, longest_name=127, nulls="small"),
)
