"""A gate before a server: passes connections on, or counts them and hangs up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Gate:
    """`calls`: when each connection came while it was shut. `open`: connections go through."""

    port: int = 0
    open: bool = True
    calls: list[float] = field(default_factory=list)

    def shut(self) -> None:
        """What is already through stays."""
        self.calls.clear()
        self.open = False


@contextmanager
def before(port: int) -> Iterator[Gate]:
    gate = Gate()
    listener = socket.create_server(("127.0.0.1", 0))
    gate.port = listener.getsockname()[1]
    threading.Thread(target=_accept, args=(listener, port, gate), daemon=True).start()
    try:
        yield gate
    finally:
        listener.close()


def _accept(listener: socket.socket, port: int, gate: Gate) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        if not gate.open:
            gate.calls.append(time.monotonic())
            near.close()
            continue
        far = socket.create_connection(("127.0.0.1", port))
        for pair in ((near, far), (far, near)):
            threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
