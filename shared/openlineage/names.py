"""What OpenLineage calls a table or a file: a namespace and a name, by its conventions (spec/Naming.md), so that what other systems tell of
the same data meets it.

Of a connector's configuration only where the data is gets into a name. What cannot be told of it (a URL that is kept as a secret, a system
that the conventions do not know) is named by the connector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Name:
    namespace: str
    name: str


def name_of(connector: str, type_: str, config: Mapping[str, Any], what: str) -> Name:
    """`connector`: namespace/name; `config`: as it is saved, secrets as references; `what`: a table, path or topic as the recipe has it."""
    made = _BY_TYPE.get(type_)
    found = made({key: value for key, value in config.items() if "{{" not in str(value)}, what) if made is not None else None
    return found or Name(f"penstock://{connector}", what)


def _tables(scheme: str, port: int, *, schema: str | None) -> Callable[[Mapping[str, Any], str], Name | None]:
    """database.schema.table, or database.table where there are no schemas (`schema` None). `schema`: where none is named."""

    def of(config: Mapping[str, Any], table: str) -> Name | None:
        host, database = config.get("host"), config.get("database")
        if not host or not database:
            return None
        parts = table.replace('"', "").replace("`", "").split(".")
        if schema is not None and len(parts) == 1:
            parts = [str(config.get("schema") or schema), *parts]
        if len(parts) < (2 if schema is None else 3):
            parts = [str(database), *parts]
        return Name(f"{scheme}://{host}:{config.get('port') or port}", ".".join(parts))

    return of


def _snowflake(config: Mapping[str, Any], table: str) -> Name | None:
    if not config.get("account") or not config.get("database"):
        return None
    parts = table.replace('"', "").split(".")
    before = [str(config["database"]), str(config.get("schema") or "PUBLIC")]
    return Name(f"snowflake://{config['account']}", ".".join([*before[: 3 - len(parts)], *parts] if len(parts) < 3 else parts))


def _oracle(config: Mapping[str, Any], table: str) -> Name | None:
    return _tables("oracle", 1521, schema=str(config.get("user") or "") or None)({**config, "database": config.get("service")}, table)


def _file_of_database(config: Mapping[str, Any], table: str) -> Name | None:
    path = config.get("path") or config.get("file") or config.get("database")
    return Name("file", f"{path}:{table}") if path and str(path).startswith("/") else None


def _files(config: Mapping[str, Any], path: str) -> Name | None:
    root = str(config.get("root") or "")
    if root.startswith("/"):
        return Name("file", normpath(join(root, path)))
    url = urlsplit(root)
    if url.scheme in ("s3", "gs", "az") and url.netloc:
        return Name(f"{url.scheme}://{url.netloc}", join(url.path.strip("/"), path) if url.path.strip("/") else path)
    if url.scheme == "sftp" and url.hostname:
        return Name(f"file://{url.hostname}", normpath(join(url.path or "/", path)))
    return None


def _redshift(config: Mapping[str, Any], table: str) -> Name | None:
    found = _tables("redshift", 5439, schema="public")(config, table)
    host = str(config.get("host") or "").split(".")
    # cluster.hash.region.redshift.amazonaws.com
    if found is None or len(host) < 5 or host[3] != "redshift":
        return found
    return Name(f"redshift://{host[0]}.{host[2]}:{config.get('port') or 5439}", found.name)


def _kafka(config: Mapping[str, Any], topic: str) -> Name | None:
    first = str(config.get("bootstrapServers") or "").partition(",")[0].strip()
    return Name(f"kafka://{first}", topic) if first else None


_BY_TYPE: Mapping[str, Callable[[Mapping[str, Any], str], Name | None]] = {
    "postgres": _tables("postgres", 5432, schema="public"),
    "redshift": _redshift,
    "sqlserver": _tables("mssql", 1433, schema="dbo"),
    "mysql": _tables("mysql", 3306, schema=None),
    "clickhouse": _tables("clickhouse", 8123, schema=None),
    "teradata": _tables("teradata", 1025, schema=None),
    "oracle": _oracle,
    "snowflake": _snowflake,
    "sqlite": _file_of_database,
    "duckdb": _file_of_database,
    "files": _files,
    "kafka": _kafka,
}
