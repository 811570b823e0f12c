"""Amazon Redshift: PostgreSQL's grammar of long ago, over an engine of its own that compares texts without their trailing spaces."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED
from shared.sql.rewrites.whole_division import SLASH_TRUNCATES

REDSHIFT = Dialect(
    name="redshift",
    title="Amazon Redshift",
    writes="redshift",
    passes=(UNSIZED, QUALIFY, FILTERS, AVERAGES, SUMS, EXTREMES, DISTINCT_FROM, SLASH_TRUNCATES),
    # Amazon Redshift Database Developer Guide: Unsupported PostgreSQL features, SELECT, Names and identifiers (127 bytes), CREATE TABLE AS
    # (temporary tables), Character types: "trailing blanks in VARCHAR and CHAR values are treated as semantically insignificant".
    features=Features(merge=False, name_case="lower", longest_name=127),
    session=("SET TIMEZONE TO 'UTC'",),
)
