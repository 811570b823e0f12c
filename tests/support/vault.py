"""A server that speaks the paths of HashiCorp Vault's KV store, version 2, as the documentation of its HTTP API has them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hvs.a-token-for-tests"


class VaultServer(ThreadingHTTPServer):
    """`kept`: mount/path -> values. `asked`: (path, token) of every call. `down`: answers 503, as a sealed Vault does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: VaultServer

    def do_GET(self) -> None:
        token = self.headers.get("X-Vault-Token")
        self.server.asked.append((self.path, token))
        mount, _, rest = self.path.partition("?")[0].removeprefix("/v1/").partition("/data/")
        if self.server.down:
            self._answer(503, {"errors": ["Vault is sealed"]})
        elif token != TOKEN:
            self._answer(403, {"errors": ["permission denied"]})
        elif (values := self.server.kept.get(f"{mount}/{rest}")) is None:
            self._answer(404, {"errors": []})
        else:
            metadata = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 1}
            self._answer(200, {"request_id": "r", "lease_duration": 0, "data": {"data": values, "metadata": metadata}})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def serving() -> Iterator[VaultServer]:
    with VaultServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
