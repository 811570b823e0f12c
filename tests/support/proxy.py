"""A TCP proxy that can fail: between services and their stores, and between workers and the databases that pipelines use."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any

_BLOCK = 65536


class Proxy:
    """Listens on a port of its own from when it is made, in a thread of its own. Connections made during a failure share it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.delay_s = 0.0
        self.refuses = False
        # When each connection came that was refused.
        self.refused: list[float] = []
        # Of connections that are frozen nothing passes any more, and neither side is told; those made afterwards are sound.
        self._frozen: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self.passed = 0
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name=f"proxy-{target}", daemon=True).start()
        server = self._do(asyncio.start_server(self._meet, "127.0.0.1", 0))
        self.port: int = server.sockets[0].getsockname()[1]

    def cut(self) -> int:
        """Ends every connection there is, as a reset; returns how many."""
        return self._do(self._cut())

    def freeze(self) -> int:
        """Of the connections there are, nothing passes any more."""
        return self._do(self._freeze())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _cut(self) -> int:
        sides = list(self._open)
        for side in sides:
            side.transport.abort()
        return len(sides) // 2

    async def _freeze(self) -> int:
        self._frozen |= self._open
        return len(self._frozen) // 2

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            self.refused.append(time.monotonic())
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        sides = {writer, far_writer}
        self._open |= sides
        try:
            passing = [asyncio.ensure_future(self._pass(reader, far_writer)), asyncio.ensure_future(self._pass(far_reader, writer))]
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            for one in passing:
                one.cancel()
        finally:
            self._open -= sides
            self._frozen -= sides
            for side in sides:
                with contextlib.suppress(OSError):
                    side.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await reader.read(_BLOCK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                while writer in self._frozen:
                    await asyncio.sleep(0.2)
                writer.write(block)
                self.passed += len(block)
                await writer.drain()
