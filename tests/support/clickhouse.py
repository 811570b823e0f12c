"""A ClickHouse for tests: chdb, the engine itself, behind HTTP as a server speaks it, in a process of its own.

It is not a server: one statement at a time, no users but one, no KILL. What tests need beside: an answer that never comes (`lose_answer`).
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from shared.store.identifiers import new_id

USER, PASSWORD = "tester", "p %w"
_TRANSPORT = {
    "query", "database", "query_id", "client_protocol_version", "wait_end_of_query", "session_id", "compress", "decompress", "role",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression", "buffer_size", "default_format",
}  # fmt: skip
_FAILED = b"\r\nCode: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n"
_DATA = re.compile(r"^\s*INSERT\s.*\sFORMAT\s+(\w+)\s*$", re.IGNORECASE | re.DOTALL)


@dataclass
class Server:
    port: int

    def database(self) -> Clickhouse:
        """A new one."""
        own = Clickhouse(self.port, f"it_{new_id().replace('-', '')}")
        own.sql(f"CREATE DATABASE {own.name} ENGINE = Atomic", database="default")
        return own


@dataclass
class Clickhouse:
    port: int
    name: str
    type: str = "clickhouse"
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = {"host": "127.0.0.1", "port": self.port, "database": self.name, "user": USER, "password": PASSWORD}

    def sql(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Rows as JSON has them; rows of one key are merged."""
        said = self._ask(f"/?database={database or self.name}&default_format=JSONCompactEachRow&final=1", statement)
        return [tuple(json.loads(line)) for line in said.splitlines() if line]

    def lose_answer(self, pattern: str, *, done: bool, times: int = 1) -> None:
        """The next statements that match are done or not done, and the connection ends without an answer."""
        self._ask(f"/lose?pattern={quote(pattern)}&done={int(done)}&times={times}", "")

    def break_off(self, pattern: str, left: int) -> None:
        """Of the next answer to a statement that matches, only so many bytes come, and then the server's word that it failed."""
        self._ask(f"/cut?pattern={quote(pattern)}&left={left}", "")

    def losing(self) -> int:
        """How many answers are yet to get lost."""
        return int(self._ask("/lose?pattern=&done=0&times=0", ""))

    def _ask(self, path: str, body: str) -> str:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body.encode(), {"Authorization": f"Basic {login}"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None


@contextmanager
def running() -> Iterator[Server]:
    try:
        import chdb  # noqa: F401
    except ImportError:
        pytest.skip("chdb is not installed; `make test` brings it")
    with tempfile.TemporaryDirectory(prefix="penstock-clickhouse-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.clickhouse", folder], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
        )
        try:
            assert process.stdout is not None
            yield Server(int(process.stdout.readline()))
        finally:
            process.kill()
            process.wait(30)


class _Engine:
    """One session of chdb. Settings of a request are the session's for as long as that takes."""

    def __init__(self, folder: str) -> None:
        from chdb.session import Session

        self._folder = folder
        self._session = Session(f"{folder}/data")
        self._lock = threading.Lock()
        self.losing: list[tuple[re.Pattern[str], bool]] = []
        self.cutting: tuple[re.Pattern[str], int] | None = None

    def run(self, statement: str, body: bytes, parameters: dict[str, str], default: str) -> bytes:
        settings = {name: value for name, value in parameters.items() if name not in _TRANSPORT and not name.startswith("param_")}
        with self._lock, tempfile.NamedTemporaryFile(dir=self._folder) as data:
            if body:
                data.write(body)
                data.flush()
                statement = re.sub(r"\sFORMAT\s+(\w+)\s*$", rf" FROM INFILE '{data.name}' FORMAT \1", statement)
            self._say(f"USE {_quoted(parameters.get('database') or 'default')}")
            for name, value in settings.items():
                self._say(f"SET {name} = {_text(value)}")
            for name, value in parameters.items():
                if name.startswith("param_"):
                    self._say(f"SET {name} = {_text(value)}")
            try:
                return bytes(self._session.query(statement, default).bytes())
            finally:
                for name in settings:
                    self._say(f"SET {name} = DEFAULT")

    def _say(self, statement: str) -> None:
        self._session.query(statement)

    def lost(self, statement: str) -> bool | None:
        """Whether a statement whose answer is to get lost is to be done; None: it is answered."""
        for one in self.losing:
            if one[0].search(statement):
                self.losing.remove(one)
                return one[1]
        return None


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Each answer is one packet: the second of two would wait 40 ms for the first to be acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True
    engine: _Engine

    def do_GET(self) -> None:
        self._answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        body, parts = self._body(), urlsplit(self.path)
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/lose":
            pattern = re.compile(parameters["pattern"])
            self.engine.losing += [(pattern, parameters["done"] == "1")] * int(parameters["times"])
            self._answer(200, str(len(self.engine.losing)).encode())
            return
        if parts.path == "/cut":
            self.engine.cutting = re.compile(parameters["pattern"]), int(parameters["left"])
            self._answer(200, b"")
            return
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self._answer(403, b"Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", 516)
            return
        statement = parameters.get("query", "")
        if not _DATA.match(statement):
            statement, body = statement + body.decode(), b""
        if statement.lstrip().upper().startswith("KILL"):
            self._answer(200, b"")
            return
        lost = self.engine.lost(statement)
        if lost is False:
            self._hang_up()
            return
        try:
            found = self.engine.run(statement, body, parameters, parameters.get("default_format", "TabSeparated"))
        except Exception as error:  # noqa: BLE001 (whatever it says is the answer)
            said = str(error)
            code = re.search(r"Code: (\d+)", said)
            self._answer(500, said.encode(), int(code[1]) if code else 0)
            return
        if lost:
            self._hang_up()
            return
        if self.engine.cutting is not None and self.engine.cutting[0].search(statement):
            found, self.engine.cutting = found[: self.engine.cutting[1]] + _FAILED, None
        self._answer(200, found)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, code: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Summary", "{}")
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def log_message(self, format: str, *args: Any) -> None:
        return


def serve(folder: str) -> None:
    """Until it is killed; its port is the one line it prints."""
    _Handler.engine = _Engine(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
