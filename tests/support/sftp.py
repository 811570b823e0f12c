"""An SFTP server on this machine, in a thread of the test's process: asyncssh's, over a folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "feeds", "pässword with spaces"


@dataclass(frozen=True)
class Server:
    """`folder` is what it shows as its root."""

    port: int
    folder: Path
    host_key: str

    @property
    def config(self) -> dict[str, str]:
        """As a connector names it, but for the root."""
        return {"username": USER, "password": PASSWORD, "hostKey": self.host_key}

    def root(self, folder: str) -> str:
        return f"sftp://127.0.0.1:{self.port}/{folder}"


class _Users(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()

    async def start() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=_Users,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder)),
        )

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield Server(listening.get_port(), folder, key.export_public_key().decode().strip())
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
