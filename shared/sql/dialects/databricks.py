"""Databricks, and Spark, whose SQL it is."""

from __future__ import annotations

from dataclasses import replace

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.casts import types
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.sums import SUMS
from shared.sql.rewrites.unsized_decimals import UNSIZED

_PASSES = (AVERAGES, SUMS, UNSIZED, types({"TIMESTAMP": "TIMESTAMP_NTZ", "TIMESTAMPTZ": "TIMESTAMP"}))

_FEATURES = Features(
    # https://docs.databricks.com/en/sql/language-manual/: sql-ref-syntax-qry-select-qualify, functions/try_cast, delta-merge-into.
    filter=True,
    qualify=True,
    guard=True,
    nulls="small",
    distinct_from=True,
    temporary=None,
    transactions=False,
    name_case="lower",
    longest_name=255,
)

DATABRICKS = Dialect(
    name="databricks",
    title="Databricks",
    writes="databricks",
    features=_FEATURES,
    passes=_PASSES,
    session=("SET TIME ZONE 'UTC'", "SET ANSI_MODE = TRUE"),
)

SPARK = Dialect(
    name="spark",
    title="Spark",
    writes="spark",
    # Spark alone has no QUALIFY.
    features=replace(_FEATURES, qualify=False),
    passes=(QUALIFY, *_PASSES),
    session=("SET TIME ZONE 'UTC'", "SET spark.sql.ansi.enabled = true"),
)
