"""The connector types there are: pure specs for everyone, drivers for worker and quality only. Adding one: a folder and a line here; from
outside, an entry point of the group `penstock.connectors` that names a package with the modules `spec` and `driver`.

A type without a driver can be planned, so that its SQL can be seen, but not run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

from shared.connectors.ase.spec import SPEC as ASE
from shared.connectors.clickhouse import statements as clickhouse
from shared.connectors.clickhouse.spec import SPEC as CLICKHOUSE
from shared.connectors.databricks.spec import SPEC as DATABRICKS
from shared.connectors.dbapi import shown
from shared.connectors.duckdb.spec import SPEC as DUCKDB
from shared.connectors.email.spec import SPEC as EMAIL
from shared.connectors.errors import Misconfigured
from shared.connectors.files.spec import SPEC as FILES
from shared.connectors.hana.spec import SPEC as HANA
from shared.connectors.http_push.spec import SPEC as HTTP_PUSH
from shared.connectors.kafka.spec import SPEC as KAFKA
from shared.connectors.mysql.spec import SPEC as MYSQL
from shared.connectors.oracle.spec import SPEC as ORACLE
from shared.connectors.postgres.spec import SPEC as POSTGRES
from shared.connectors.protocols import Driver, Query, SinkWrite, Spec
from shared.connectors.redshift.spec import SPEC as REDSHIFT
from shared.connectors.slack.spec import SPEC as SLACK
from shared.connectors.snowflake.spec import SPEC as SNOWFLAKE
from shared.connectors.sqlite.spec import SPEC as SQLITE
from shared.connectors.sqlserver.spec import SPEC as SQLSERVER
from shared.connectors.teradata.spec import SPEC as TERADATA
from shared.plugins import outsiders
from shared.sql.dialects import dialect as dialect_of
from shared.sql.writes import writes

_SPECS = (
    FILES,
    POSTGRES,
    MYSQL,
    SQLITE,
    DUCKDB,
    CLICKHOUSE,
    SNOWFLAKE,
    DATABRICKS,
    SQLSERVER,
    ORACLE,
    TERADATA,
    HANA,
    ASE,
    REDSHIFT,
    KAFKA,
)
# These tell of runs.
_NOTIFYING = (SLACK, EMAIL, HTTP_PUSH)
_OURS: dict[str, Spec] = {spec.type: spec for spec in (*_SPECS, *_NOTIFYING)}
# By their vendors' own Python drivers, which are installed beside Penstock where they are wanted.
_VENDORS = ("snowflake", "databricks", "sqlserver", "oracle", "teradata", "hana", "ase", "redshift")
_DRIVERS = {
    kind: f"shared.connectors.{kind}.driver"
    for kind in ("files", "postgres", "mysql", "sqlite", "duckdb", "clickhouse", "kafka", *_VENDORS, *(spec.type for spec in _NOTIFYING))
}


def _load(entry: EntryPoint) -> Spec:
    spec = import_module(f"{entry.value}.spec").SPEC
    if not isinstance(spec, Spec) or spec.type != entry.name:
        raise TypeError(f"SPEC of {entry.value}.spec is not a Spec of type {entry.name}")
    _DRIVERS[entry.name] = f"{entry.value}.driver"
    return spec


CONNECTORS = {**_OURS, **outsiders("connectors", _OURS, _load)}


def driver(connector_type: str, config: Mapping[str, Any]) -> Driver:
    """A driver over a resolved config; loads its libraries on first use. Raises Misconfigured for a type that has none."""
    if connector_type in CONNECTORS.keys() - _DRIVERS.keys():
        raise Misconfigured(f"{connector_type} can be planned but not run in this release; there is no driver for it yet")
    if connector_type not in _DRIVERS:
        raise Misconfigured(f"there is no connector type {connector_type}; there is {', '.join(sorted(_DRIVERS))}")
    made: Driver = import_module(_DRIVERS[connector_type]).ConnectorDriver(config)
    return made


def runs(connector_type: str) -> bool:
    return connector_type in _DRIVERS


# What a driver says in its own way; all others write as `shared.sql.writes` does.
_PORTABLE = ("mysql", "sqlite", "duckdb")


def statements(connector_type: str, write: SinkWrite, keys: Sequence[Sequence[str]] = ()) -> list[str]:
    """The SQL that writes rows once they are staged, in the dialect; none where the destination is no database.

    `keys`: the unique indexes known of the target.
    """
    dialect = CONNECTORS[connector_type].dialect
    if dialect is None:
        return []
    said: list[str]
    if connector_type == "postgres":
        said = import_module("shared.connectors.postgres.statements").statements(write, keys)
        return said
    if connector_type == "clickhouse":
        return clickhouse.shown(write)
    if connector_type in _PORTABLE:
        return shown.statements(dialect, write)
    names = [column.name for column in write.columns]
    return writes(dialect, write.target, names, write.write_mode, write.upsert_keys, write.order)


def computed(connector_type: str, write: SinkWrite, query: Query, keys: Sequence[Sequence[str]] = ()) -> list[str]:
    """The SQL that computes and writes rows in one database, in its dialect; none where a connector has no words of its own for it."""
    if connector_type == "clickhouse":
        return clickhouse.shown_computed(write, query)
    spoken = CONNECTORS[connector_type].dialect
    if spoken is not None and not dialect_of(spoken).features.snapshot:
        return shown.computed(spoken, write, query)
    if connector_type != "postgres":
        return []
    said: list[str] = import_module("shared.connectors.postgres.computed").computed(write, query, keys)
    return said
