"""Those who are told: an HTTP server and a mail server, real ones, that keep what they get."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """`answers`: (status, body, headers) for the next requests; 200 after them."""

    url: str
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, many: int, within_s: float = 30.0) -> list[Got]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.got) >= many, within_s), f"{len(self.got)} of {many} messages came"
        return list(self.got)


@contextmanager
def web() -> Iterator[Web]:
    there: Web

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with there.came:
                there.got.append(Got(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                status, said, more = there.answers.pop(0) if there.answers else (200, "ok", {})
                there.came.notify_all()
            self.send_response(status)
            for key, value in more.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mail:
    """`refuse`: addresses, with the reply to each. `got`: (from, to, message)."""

    port: int
    got: list[tuple[str, list[str], Message]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)


@contextmanager
def mail() -> Iterator[Mail]:
    from aiosmtpd.controller import Controller

    there = Mail(0)

    class Handler:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if address in there.refuse:
                return there.refuse[address]
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            there.got.append((envelope.mail_from, list(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=default)))
            return "250 taken"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        there.port = int(probe.getsockname()[1])
    controller = Controller(Handler(), hostname="127.0.0.1", port=there.port)
    controller.start()
    try:
        yield there
    finally:
        controller.stop()
