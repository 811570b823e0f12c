"""What OpenLineage is told: names by its conventions, and events that its own schemas take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import ValidationError

from shared.openlineage.events import Dataset, Run, event, id_of
from shared.openlineage.names import Name, name_of
from shared.rules.facets import facets
from tests.support.openlineage import check

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = "01a1fe7e-8fa6-71d3-be8c-fbfd46814c00"


@pytest.mark.parametrize(
    ("type_", "config", "what", "namespace", "name"),
    [
        ("postgres", {"host": "h", "database": "d"}, "t", "postgres://h:5432", "d.public.t"),
        ("postgres", {"host": "h", "port": 1, "database": "d", "schema": "s"}, "t", "postgres://h:1", "d.s.t"),
        ("postgres", {"host": "h", "database": "d", "schema": "s"}, '"x"."T"', "postgres://h:5432", "d.x.T"),
        ("postgres", {"url": "{{credential:db#url}}"}, "t", "penstock://n/c", "t"),
        ("postgres", {"host": "{{credential:db#host}}", "database": "d"}, "t", "penstock://n/c", "t"),
        ("mysql", {"host": "h", "database": "d"}, "t", "mysql://h:3306", "d.t"),
        ("clickhouse", {"host": "h", "database": "d"}, "e.t", "clickhouse://h:8123", "e.t"),
        ("sqlserver", {"host": "h", "database": "d"}, "t", "mssql://h:1433", "d.dbo.t"),
        ("oracle", {"host": "h", "service": "S", "user": "u"}, "t", "oracle://h:1521", "S.u.t"),
        ("redshift", {"host": "c.x.eu-west-1.redshift.amazonaws.com", "database": "d"}, "t", "redshift://c.eu-west-1:5439", "d.public.t"),
        ("snowflake", {"account": "o-a", "database": "D"}, "S.T", "snowflake://o-a", "D.S.T"),
        ("sqlite", {"path": "/d/x.db"}, "t", "file", "/d/x.db:t"),
        ("files", {"root": "/data"}, "in/../a.csv", "file", "/data/a.csv"),
        ("files", {"root": "s3://b/p/"}, "a.parquet", "s3://b", "p/a.parquet"),
        ("files", {"root": "sftp://user@h:22/up"}, "a.csv", "file://h", "/up/a.csv"),
        ("kafka", {"bootstrapServers": "k1:9092,k2:9092"}, "orders", "kafka://k1:9092", "orders"),
        ("nobody", {}, "t", "penstock://n/c", "t"),
    ],
)
def test_a_table_or_file_is_called_as_others_call_it(type_: str, config: dict[str, Any], what: str, namespace: str, name: str) -> None:
    assert name_of("n/c", type_, config, what) == Name(namespace, name)


def full() -> Run:
    measured = {
        "results": [{"rule": "there", "type": "NOT_NULL", "passed": False}],
        "profile": {
            "rows": 2,
            "columns": [{"name": "id", "rows": 2, "nulls": 0, "distinct": 2, "min": 1, "max": 2, "quantiles": {"p50": 1}}],
        },
    }
    source = Dataset(Name("file", "/a.csv"), [("id", "BIGINT")], 2, checks=facets(measured, [{"name": "there", "column": "id"}]))
    sink = Dataset(Name("postgres://h:1", "d.s.t"), [("id", "BIGINT")], 2, {"id": ([(source.name, "id")], True), "made": ([], False)})
    return Run(
        RUN, "default.p", AT, interval=(AT, AT), parent=(RUN, "default.q"), error="it broke", engines=["duckdb"], version="0.1",
        sql="SELECT 1", source=("urn:penstock:pipeline:default/p", None, "default/Pipeline/p.yaml", "abc"), inputs=[source], outputs=[sink],
    )  # fmt: skip


@pytest.mark.parametrize("type_", ["START", "COMPLETE", "FAIL", "ABORT"])
def test_an_event_with_every_facet_is_as_the_specification_says(type_: str) -> None:
    told = event(full(), type_, "penstock")
    check(told)
    assert told["outputs"][0]["facets"]["columnLineage"]["fields"] == {
        "id": {
            "inputFields": [
                {"namespace": "file", "name": "/a.csv", "field": "id", "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}]}
            ]
        }
    }
    assert set(told["inputs"][0]["inputFacets"]) == {"dataQualityAssertions", "dataQualityMetrics", "inputStatistics"}


def test_the_schemas_refuse_what_is_wrong() -> None:
    told = event(full(), "COMPLETE", "penstock")
    told["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] = "two"
    with pytest.raises(ValidationError):
        check(told)


def test_a_run_that_is_asked_for_again_is_another_run_there() -> None:
    assert id_of(RUN, 0) == RUN
    assert len({id_of(RUN, again) for again in range(3)}) == 3
    assert id_of(RUN, 2) == id_of(RUN, 2)
