"""A server that speaks the paths of HashiCorp Vault's KV store, version 2, as the documentation of its HTTP API has them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from http.server import ThreadingHTTPServer
from typing import Any

from tests.support import json_server
from tests.support.json_server import JsonHandler

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


class _Handler(JsonHandler):
    server: VaultServer

    def do_GET(self) -> None:
        token = self.headers.get("X-Vault-Token")
        self.server.asked.append((self.path, token))
        mount, _, rest = self.path.partition("?")[0].removeprefix("/v1/").partition("/data/")
        if self.server.down:
            self.answer(503, {"errors": ["Vault is sealed"]})
        elif token != TOKEN:
            self.answer(403, {"errors": ["permission denied"]})
        elif (values := self.server.kept.get(f"{mount}/{rest}")) is None:
            self.answer(404, {"errors": []})
        else:
            metadata = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 1}
            self.answer(200, {"request_id": "r", "lease_duration": 0, "data": {"data": values, "metadata": metadata}})


def serving() -> AbstractContextManager[VaultServer]:
    return json_server.serving(VaultServer())
