"""DuckDB's extensions, from their wheels: nothing is downloaded. And what one of them needs to reach a bucket."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
from sqlglot import exp

from shared.datasets.buckets import Bucket

# Two of them hold what is on its way to an object; its most parts times this is the largest object that can be written.
_UPLOADED_AT_ONCE = 4
_LARGEST_WRITTEN = "200GB"


def load_extension(connection: duckdb.DuckDBPyConnection, extension: str) -> None:
    """Again is cheap: an instance keeps what it has loaded."""
    module = importlib.import_module(f"duckdb_extension_{extension}")
    (file,) = Path(module.__path__[0]).rglob(f"{extension}.duckdb_extension")
    connection.execute(f"LOAD {_text(str(file))}")


@contextmanager
def reaching(connection: duckdb.DuckDBPyConnection, bucket: Bucket) -> Iterator[None]:
    """While inside, the connection's instance opens objects under the bucket's URL; whoever uses the instance next has to ask anew."""
    load_extension(connection, "httpfs")
    access = bucket.credentials
    endpoint = urlsplit(access.endpoint or "")
    scope = f"{bucket.url}/"
    said = {
        "TYPE": "s3",
        "KEY_ID": access.key_id or "",
        "SECRET": access.secret or "",
        "REGION": access.region or "us-east-1",
        "SCOPE": scope,
        **({"SESSION_TOKEN": access.token} if access.token else {}),
    }
    if bucket.own_endpoint:
        said |= {"ENDPOINT": endpoint.netloc, "URL_STYLE": "path", "USE_SSL": str(endpoint.scheme == "https").lower()}
    name = exp.to_identifier(f"bucket_{sha256(scope.encode()).hexdigest()[:16]}", quoted=True).sql("duckdb")
    listed = ", ".join(f"{key} {_text(value)}" for key, value in said.items())
    connection.execute(f"SET s3_uploader_thread_limit = {_UPLOADED_AT_ONCE}")
    connection.execute(f"SET s3_uploader_max_filesize = {_text(_LARGEST_WRITTEN)}")
    connection.execute(f"CREATE OR REPLACE TEMPORARY SECRET {name} ({listed})")
    connection.execute("SET GLOBAL enable_external_file_cache = true")
    try:
        yield
    finally:
        # Turned off, it forgets what it has read.
        connection.execute("SET GLOBAL enable_external_file_cache = false")
        connection.execute(f"DROP TEMPORARY SECRET IF EXISTS {name}")


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
