"""What is a vendor's own of a database that is reached by its Python driver (PEP 249): one value for each; what all have in common is in
`vendor_database.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# As `Database.load`, with the database before its arguments.
Load = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Vendor:
    """`connect`: the driver's keyword arguments for a config. `package`: what to install, where the driver is not there.

    `tables`: lists the tables of a schema, its one parameter. `columns`: of a schema and a table, in order: name, type, precision, scale,
    and whether it is nullable ('Y…' or true); `types`: the vendor's types as ours, beside `vendor_types.KNOWN`; `rows`: of a schema and a
    table, how many rows its statistics say it has. `declared`: our types in CREATE TABLE, beside `COMMON`;
    `outcome`: of the marker's JSON, where that is longer than a text may be.
    `session`: said first. `configure`: given the driver's module before it connects. `login`: words in the driver's error for a login that
    was refused.

    `begin`: said first in a transaction, with {markers} for the marker table; `hold`: keeps others from writing {table} until its end.
    `told`: the column of a MERGE's answer that says how many rows it inserted. `load`: a bulk way of rows into a table, in place of
    `Database.load`.
    """

    title: str
    module: str
    package: str
    dialect: str
    connect: Callable[[Mapping[str, Any]], dict[str, Any]]
    where: Callable[[Mapping[str, Any]], str]
    schema: Callable[[Mapping[str, Any]], str | None]
    tables: str
    columns: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    declared: Mapping[str, str] = field(default_factory=dict)
    outcome: str = ""
    session: tuple[str, ...] = ()
    configure: Callable[[Any], None] | None = None
    begin: str = ""
    hold: str = ""
    told: str = ""
    load: Load | None = None
    writes: bool = True
    login: tuple[str, ...] = ("password", "authentication", "login failed", "logon denied", "invalid username")


COMMON = {
    "BOOLEAN": "BOOLEAN",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "REAL",
    "DOUBLE PRECISION": "DOUBLE PRECISION",
    "NUMERIC": "DECIMAL(38, 10)",
    "TEXT": "VARCHAR(4000)",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "BYTEA": "VARBINARY(4000)",
}
