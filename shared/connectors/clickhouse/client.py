"""A ClickHouse server over HTTP: statements, rows of answers, Arrow both ways. One request is one statement; there are no transactions.

Whoever sends a statement cannot know whether it was done when the connection breaks. The library under this would then send it once more;
what writes is sent in a way that keeps it from that, and callers see to it that doing it again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any
from uuid import uuid4

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError
from sqlglot import exp

from shared.connectors.clickhouse.errors import translated
from shared.connectors.clickhouse.sending import Once
from shared.connectors.errors import Unavailable
from shared.sql.dialects import dialect

CONNECT_S = 10
# The server says something at least that often while it works.
ANSWER_S = 3600
# The last bytes of an Arrow stream that is whole (Arrow columnar format, IPC streaming format).
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def _said(statements: tuple[str, ...]) -> dict[str, str]:
    """`SET a = b` of a dialect's session as settings of each request, since there are no sessions."""
    pairs = (statement.removeprefix("SET ").partition("=") for statement in statements)
    return {name.strip(): value.strip().strip("'") for name, _, value in pairs}


# Nothing becomes something else in silence, rows of one key are merged before they are read, and what was sent twice is there once.
SETTINGS: Mapping[str, Any] = {
    **_said(dialect("clickhouse").session),
    "session_timezone": "UTC",
    "final": 1,
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "input_format_null_as_default": 0,
    "insert_null_as_default": 0,
    "mutations_sync": 2,
    "output_format_arrow_string_as_string": 1,
    "output_format_arrow_compression_method": "none",
    "output_format_json_quote_decimals": 0,
    "output_format_json_quote_denormals": 1,
}


class Server:
    """`session` names what is sent, so that it can be found and ended by others."""

    def __init__(self, config: Mapping[str, Any], session: str) -> None:
        self._config, self._session = config, session
        self.database = str(config.get("database") or "default")
        self.where = f"database {self.database} on {config['host']}:{self._port} as {config.get('user') or 'default'}"
        self._connections = Once(verify=bool(config.get("verify", True)))
        with self.translated():
            self._client = clickhouse_connect.get_client(
                host=str(config["host"]),
                port=self._port,
                username=str(config.get("user") or "default"),
                password=str(config.get("password") or ""),
                database=self.database,
                secure=bool(config.get("secure")),
                verify=bool(config.get("verify", True)),
                connect_timeout=CONNECT_S,
                send_receive_timeout=ANSWER_S,
                compress=False,
                autogenerate_session_id=False,
                client_name="penstock",
                query_retries=0,
                pool_mgr=self._connections,
            )

    @property
    def _port(self) -> int:
        return int(self._config.get("port") or (8443 if self._config.get("secure") else 8123))

    def translated(self) -> AbstractContextManager[None]:
        return translated(self.where, lambda: self._connections.asked_s)

    @property
    def version(self) -> str:
        return str(self._client.server_version)

    def tell(self, said: exp.Expr | str, **settings: Any) -> None:
        """One statement that returns no rows. It is sent once: what is not bytes the library under this cannot send again."""
        with self.translated():
            # Without a table the body is the statement.
            self._client.raw_insert("", insert_block=_once(_text(said).encode()), settings=self._settings(settings), fmt="Native")

    def ask(self, said: exp.Expr | str, **parameters: Any) -> list[list[Any]]:
        """The rows of an answer that is short. `{name:Type}` in the text stands for a parameter."""
        with self.translated():
            body = self._client.raw_query(
                _text(said),
                parameters=parameters,
                settings=self._settings({"output_format_json_quote_64bit_integers": 0}),
                fmt="JSONCompactEachRow",
            )
        return [json.loads(line) for line in body.decode().splitlines() if line]

    def rows(self, said: exp.Expr | str) -> Arrow:
        return Arrow(self, _text(said))

    def stream(self, text: str) -> Any:
        return self._client.raw_stream(text, settings=self._settings({}), fmt="ArrowStream")

    def put(self, into: exp.Table, batch: pa.RecordBatch, token: str | None = None) -> None:
        """One block of rows. The same again, with the same token, adds nothing to a table that remembers tokens. It is sent once."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        names = [exp.to_identifier(name, quoted=True) for name in batch.schema.names]
        with self.translated():
            self._client.raw_insert(
                _text(exp.Schema(this=into, expressions=names)),
                insert_block=_once(sink.getvalue().to_pybytes()),
                settings=self._settings({"insert_deduplication_token": token} if token is not None else {}),
                fmt="ArrowStream",
            )

    def _settings(self, more: Mapping[str, Any]) -> dict[str, Any]:
        return {**SETTINGS, **more, "query_id": f"{self._session}/{uuid4()}"}

    def cancel(self) -> None:
        """From another thread: what is running is stopped by the server, which takes a moment."""
        self.end(f"{self._session}/")

    def end(self, prefix: str, but: str | None = None) -> None:
        """Stops what is running under names that begin so. A user without that right stops nobody."""
        which: exp.Expr = _begins(prefix) if but is None else exp.and_(_begins(prefix), exp.not_(_begins(but)))
        with suppress(ClickHouseError):
            self._client.raw_query(f"KILL QUERY WHERE {which.sql('clickhouse')} ASYNC", settings={"query_id": f"penstock/cancel/{uuid4()}"})

    def close(self) -> None:
        self._client.close()
        self._connections.clear()


class Arrow:
    """The rows of a query as Arrow batches, streamed, once. Raises Unavailable for a stream that ends in its middle."""

    def __init__(self, server: Server, text: str) -> None:
        self._server, self._text = server, text

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self._server.translated():
            response = self._server.stream(self._text)
            try:
                tail = _Tail(response)
                try:
                    yield from pa.ipc.open_stream(tail)
                except (pa.ArrowInvalid, OSError) as error:
                    # A failure in the middle is written where the next batch would be.
                    raise Unavailable(f"{self._server.where}: the answer broke off: {tail.told}") from error
                tail.read()
                if tail.last != _END:
                    raise Unavailable(f"{self._server.where}: the answer broke off before its end: {tail.told}")
            finally:
                response.close()


class _Tail:
    """A response as a file that remembers its last bytes."""

    def __init__(self, response: Any) -> None:
        self._response, self._kept = response, b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        found: bytes = self._response.read(None if size < 0 else size)
        self._kept = (self._kept + found[-1000:])[-1000:]
        return found

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    @property
    def last(self) -> bytes:
        return self._kept[-len(_END) :]

    @property
    def told(self) -> str:
        found = self._kept.find(b"Code: ")
        return self._kept[found:].decode(errors="replace").strip() if found >= 0 else "no reason was given"


def _once(data: bytes) -> Generator[bytes, None, None]:
    yield data


def _begins(prefix: str) -> exp.Expr:
    return exp.Anonymous(this="startsWith", expressions=[exp.column("query_id"), exp.Literal.string(prefix)])


def _text(said: exp.Expr | str) -> str:
    return said if isinstance(said, str) else said.sql(dialect="clickhouse")
