"""The dialects there are: how each database says what our trees mean. One file each; adding one: a file and a line here, from outside an
entry point of the group `penstock.dialects` that names a `Dialect`.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint

from shared.plugins import outsiders
from shared.sql.dialects.ase import ASE
from shared.sql.dialects.clickhouse import CLICKHOUSE
from shared.sql.dialects.databricks import DATABRICKS, SPARK
from shared.sql.dialects.dialect import Dialect
from shared.sql.dialects.duckdb import DUCKDB
from shared.sql.dialects.frames import FRAMES
from shared.sql.dialects.hana import HANA
from shared.sql.dialects.mysql import MARIADB, MYSQL
from shared.sql.dialects.oracle import ORACLE
from shared.sql.dialects.postgres import POSTGRES
from shared.sql.dialects.redshift import REDSHIFT
from shared.sql.dialects.snowflake import SNOWFLAKE
from shared.sql.dialects.sqlite import SQLITE
from shared.sql.dialects.sqlserver import SQLSERVER
from shared.sql.dialects.teradata import TERADATA

_OURS = {
    one.name: one
    for one in (
        POSTGRES,
        DUCKDB,
        SQLITE,
        MYSQL,
        MARIADB,
        CLICKHOUSE,
        SNOWFLAKE,
        SQLSERVER,
        ORACLE,
        TERADATA,
        HANA,
        ASE,
        REDSHIFT,
        DATABRICKS,
        SPARK,
        FRAMES,
    )
}


def _load(entry: EntryPoint) -> Dialect:
    found = entry.load()
    if not isinstance(found, Dialect) or found.name != entry.name:
        raise TypeError(f"{entry.value} is not a Dialect named {entry.name}")
    return found


DIALECTS: dict[str, Dialect] = {**_OURS, **outsiders("dialects", _OURS, _load)}

# What sqlglot calls a dialect that has another name here.
_ALSO = {"tsql": "sqlserver"}


def dialect(name: str, version: str | None = None) -> Dialect:
    """A dialect with what that version of it can; of the oldest supported where none is given.

    MariaDB is known by its version's text, since it answers as MySQL. Raises KeyError for a name that is not there.
    """
    found = DIALECTS[_ALSO.get(name, name)]
    if found is MYSQL and version is not None and "mariadb" in version.lower():
        found = MARIADB
    return found.at(version)
